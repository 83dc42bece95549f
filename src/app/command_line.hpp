#pragma once

#include <string>
#include <vector>

#include "app/settings.hpp"

/// The command line: one function a command, registered in main.cpp's table.
namespace CLI {
class App;
}

namespace cairn::app {

/// What every command may be told.
struct Common {
  std::string config;  ///< a YAML file of settings
  Settings settings;
  std::string server;  ///< of commands that ask a running server; empty: the local one
  std::string key;
  bool is_json = false;
  std::string language;  ///< zh or en; empty: from the environment
  int exit_code = 0;

  bool is_chinese() const;
  std::string_view say(std::string_view zh, std::string_view en) const {
    return is_chinese() ? zh : en;
  }
};

/// Prints "cairn: <message>" and sets the exit code.
void complain(Common& common, const Error& error);

void add_serve(CLI::App& app, Common& common);

}  // namespace cairn::app
