# g++ 12 destroys temporaries inside a `co_await` expression twice (DESIGN §9). Cairn refuses such a
# compiler before it builds anything, and says why.
if(NOT DEFINED CAIRN_COROUTINES_OK)
  try_run(CAIRN_COROUTINE_EXIT CAIRN_COROUTINE_COMPILED
    "${CMAKE_BINARY_DIR}/check_coroutines" "${CMAKE_CURRENT_LIST_DIR}/check_coroutines.cpp"
    CMAKE_FLAGS -DCMAKE_CXX_STANDARD=23 -DCMAKE_CXX_STANDARD_REQUIRED=ON
    COMPILE_OUTPUT_VARIABLE coroutine_output
    CXX_STANDARD 23 CXX_STANDARD_REQUIRED ON)
  if(NOT CAIRN_COROUTINE_COMPILED)
    message(FATAL_ERROR "This compiler cannot build Cairn: it fails on C++23 coroutines.\n"
      "${coroutine_output}\nUse clang 19: cmake --preset release, or CXX=clang++-19.")
  endif()
  if(NOT CAIRN_COROUTINE_EXIT EQUAL 0)
    message(FATAL_ERROR "${CMAKE_CXX_COMPILER} miscompiles temporaries in co_await expressions: an "
      "argument built in `co_await f({x, x})` is destroyed more than once.\n"
      "g++ 12 is known for it. Use clang 19: cmake --preset release, or CXX=clang++-19.")
  endif()
  set(CAIRN_COROUTINES_OK ON CACHE INTERNAL "temporaries in co_await are compiled correctly")
endif()
