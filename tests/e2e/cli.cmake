# The commands of the built program, on port 0 and temporary folders.
cairn_test(e2e_cli SOURCES cli_test.cpp cli_data_test.cpp program.cpp
  DEPS cairn_cli cairn_curl cairn_sqlite fmt::fmt TIMEOUT 300)
if(TARGET e2e_cli)
  add_dependencies(e2e_cli cairn)
  target_compile_definitions(e2e_cli PRIVATE CAIRN_PROGRAM="$<TARGET_FILE:cairn>")
endif()

# All orders of the Olist data, where it lies beside the checkout.
cairn_test(e2e_olist SOURCES olist_test.cpp DEPS cairn_cli cairn_curl fmt::fmt TIMEOUT 1200)
