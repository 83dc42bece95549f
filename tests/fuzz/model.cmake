cairn_fuzz(fuzz_event SOURCES fuzz_event.cpp DEPS cairn_model)
cairn_test(fuzz_event_test SOURCES fuzz_event.cpp fuzz_intake_test.cpp DEPS cairn_model)
