cairn_fuzz(fuzz_http_head SOURCES fuzz_http_head.cpp DEPS cairn_http)
cairn_test(fuzz_http_head_test SOURCES fuzz_http_head.cpp fuzz_intake_test.cpp DEPS cairn_http)
