add_executable(cairn_load cairn_load.cpp load_client.cpp load_feed.cpp load_live.cpp)
target_link_libraries(cairn_load PRIVATE cairn_base cairn_model)
