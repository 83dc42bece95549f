# The target cairn_sqlite3: SQLite from the amalgamation that npm's package `better-sqlite3` carries
# (DESIGN §9 says why not the distribution's). The package is downloaded once, pinned by version and
# SHA-256, into a folder that all build folders share; nothing of it is installed or run.
include_guard(GLOBAL)

set(CAIRN_SQLITE_PACKAGE better-sqlite3)
set(CAIRN_SQLITE_PACKAGE_VERSION 13.2.0)  # carries SQLite 3.54.1
set(CAIRN_SQLITE_PACKAGE_SHA256 40487589df3496f2ee0079d22b73c63fccebe7db0e8ee9a2c42421861e321e0b)
set(CAIRN_THIRD_PARTY_DIR "${PROJECT_SOURCE_DIR}/build/third_party"
  CACHE PATH "Where downloaded sources are kept, shared by all build folders")
set(CAIRN_SQLITE_TARBALL "" CACHE FILEPATH
  "${CAIRN_SQLITE_PACKAGE}-${CAIRN_SQLITE_PACKAGE_VERSION}.tgz, for a build without a network")

# Puts the package's tarball at `tarball`, checked; stops with what to do when it cannot be had.
function(cairn_fetch_sqlite_package tarball)
  set(name "${CAIRN_SQLITE_PACKAGE}@${CAIRN_SQLITE_PACKAGE_VERSION}")
  set(remedy "Give the file with -DCAIRN_SQLITE_TARBALL=<path> (`npm pack ${name}` makes it on a "
    "machine with a network), or make npm work here.")
  if(CAIRN_SQLITE_TARBALL)
    file(COPY_FILE "${CAIRN_SQLITE_TARBALL}" "${tarball}")
  else()
    find_program(CAIRN_NPM npm)
    if(NOT CAIRN_NPM)
      message(FATAL_ERROR "Cairn builds SQLite from npm's ${name}, and there is no npm here.\n"
        ${remedy})
    endif()
    get_filename_component(folder "${tarball}" DIRECTORY)
    message(STATUS "Downloading ${name} for SQLite")
    execute_process(COMMAND "${CAIRN_NPM}" pack "${name}" --ignore-scripts --silent
      WORKING_DIRECTORY "${folder}" RESULT_VARIABLE status ERROR_VARIABLE errors OUTPUT_QUIET)
    if(NOT status EQUAL 0 OR NOT EXISTS "${tarball}")
      message(FATAL_ERROR "npm could not download ${name}:\n${errors}\n" ${remedy})
    endif()
  endif()
  file(SHA256 "${tarball}" hash)
  if(NOT hash STREQUAL CAIRN_SQLITE_PACKAGE_SHA256)
    file(REMOVE "${tarball}")
    message(FATAL_ERROR "${name} has SHA-256 ${hash};\nexpected ${CAIRN_SQLITE_PACKAGE_SHA256}.\n"
      "It is not the file Cairn was built with and was removed. " ${remedy})
  endif()
endfunction()

# Sets `result` to the folder that holds sqlite3.c and sqlite3.h.
function(cairn_find_sqlite_source result)
  set(root "${CAIRN_THIRD_PARTY_DIR}/${CAIRN_SQLITE_PACKAGE}-${CAIRN_SQLITE_PACKAGE_VERSION}")
  set(source "${root}/package/deps/sqlite3")
  if(NOT EXISTS "${root}/complete")
    file(MAKE_DIRECTORY "${root}")
    file(LOCK "${root}/lock" GUARD FUNCTION TIMEOUT 600)
    if(NOT EXISTS "${root}/complete")
      set(tarball "${root}/${CAIRN_SQLITE_PACKAGE}-${CAIRN_SQLITE_PACKAGE_VERSION}.tgz")
      cairn_fetch_sqlite_package("${tarball}")
      file(ARCHIVE_EXTRACT INPUT "${tarball}" DESTINATION "${root}"
        PATTERNS "package/deps/sqlite3/sqlite3*")
      file(REMOVE "${tarball}")
      file(TOUCH "${root}/complete")
    endif()
  endif()
  set(${result} "${source}" PARENT_SCOPE)
endfunction()

cairn_find_sqlite_source(sqlite_source)
# Without the project's flags: no warnings, and no sanitizers, under which SQLite is several times
# slower and which its own authors run.
add_library(cairn_sqlite3 STATIC "${sqlite_source}/sqlite3.c")
target_include_directories(cairn_sqlite3 SYSTEM PUBLIC "${sqlite_source}")
target_compile_options(cairn_sqlite3 PRIVATE -w -O2)
target_compile_definitions(cairn_sqlite3 PRIVATE
  SQLITE_THREADSAFE=2              # a connection belongs to one thread at a time; Cairn sees to it
  SQLITE_ENABLE_FTS5
  SQLITE_OMIT_LOAD_EXTENSION
  SQLITE_OMIT_DEPRECATED
  SQLITE_OMIT_SHARED_CACHE
  SQLITE_DQS=0                     # "x" is never a string
  SQLITE_DEFAULT_MEMSTATUS=0
  SQLITE_LIKE_DOESNT_MATCH_BLOBS
  HAVE_FDATASYNC=1                 # else SQLite calls fsync
  HAVE_USLEEP=1)
target_link_libraries(cairn_sqlite3 PRIVATE Threads::Threads m)
