if(TARGET cairn_sqlite)
  cairn_test(piles_conformance_test SOURCES piles_conformance_test.cpp piles_kv_test.cpp
    DEPS cairn_sqlite cairn_sqlite3 cairn_crypto)
  cairn_test(piles_crash_test SOURCES piles_crash_test.cpp piles_disk.cpp
    DEPS cairn_sqlite cairn_sqlite3 cairn_crypto)
endif()
if(TARGET cairn_sqlite AND TARGET cairn_core)
  cairn_test(golden_test SOURCES golden_test.cpp
    DEPS cairn_core cairn_keys cairn_memory cairn_sqlite cairn_sqlite3)
endif()
