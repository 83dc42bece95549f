# cairn_console: the built console and the public page as an object of the program. It is looked at
# in every build, in a few milliseconds, because names of built files change with their content.
find_program(CAIRN_PYTHON NAMES python3 REQUIRED)
set(console_out "${PROJECT_BINARY_DIR}/console/console_embedded")
add_custom_target(cairn_console_pack
  COMMAND "${CAIRN_PYTHON}" "${PROJECT_SOURCE_DIR}/cmake/embed_console.py"
    --dist "${PROJECT_SOURCE_DIR}/web/dist" --page "${PROJECT_SOURCE_DIR}/web/public_page"
    --out "${console_out}"
  BYPRODUCTS "${console_out}.cpp" "${console_out}.pack"
  COMMENT "console")
add_library(cairn_console OBJECT "${console_out}.cpp")
target_link_libraries(cairn_console PRIVATE cairn_flags)
add_dependencies(cairn_console cairn_console_pack)
# The object has the bytes of the pack in it, which the compiler's own list of files does not name.
set_source_files_properties("${console_out}.cpp" PROPERTIES OBJECT_DEPENDS "${console_out}.pack")
