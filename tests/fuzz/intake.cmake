cairn_fuzz(fuzz_cloud_events SOURCES fuzz_cloud_events.cpp DEPS cairn_integration)
cairn_test(fuzz_cloud_events_test SOURCES fuzz_cloud_events.cpp fuzz_intake_test.cpp
  DEPS cairn_integration)
cairn_fuzz(fuzz_ndjson SOURCES fuzz_ndjson.cpp DEPS cairn_integration)
cairn_test(fuzz_ndjson_test SOURCES fuzz_ndjson.cpp fuzz_intake_test.cpp
  DEPS cairn_integration)
cairn_fuzz(fuzz_csv SOURCES fuzz_csv.cpp DEPS cairn_integration)
cairn_test(fuzz_csv_test SOURCES fuzz_csv.cpp fuzz_intake_test.cpp
  DEPS cairn_integration)
cairn_fuzz(fuzz_definition SOURCES fuzz_definition.cpp DEPS cairn_integration)
cairn_test(fuzz_definition_test SOURCES fuzz_definition.cpp fuzz_intake_test.cpp
  DEPS cairn_integration)
