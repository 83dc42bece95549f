cairn_fuzz(fuzz_segment SOURCES fuzz_segment.cpp DEPS cairn_segments cairn_memory)
cairn_test(fuzz_segment_test SOURCES fuzz_segment.cpp fuzz_segment_test.cpp
  DEPS cairn_segments cairn_memory)
