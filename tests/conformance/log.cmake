cairn_test(log_conformance_test SOURCES log_conformance_test.cpp
  DEPS cairn_segments cairn_memory cairn_system)
cairn_test(log_segments_test SOURCES log_segments_test.cpp log_audit_test.cpp
  DEPS cairn_segments cairn_memory)
cairn_test(log_crash_test SOURCES log_crash_test.cpp DEPS cairn_segments cairn_memory)
cairn_test(log_kill_test SOURCES log_kill_test.cpp DEPS cairn_segments cairn_system)
