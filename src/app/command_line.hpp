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
  Settings settings;   ///< defaults, then the file, then options: see `read_settings`
  Settings given;      ///< options of the command line land here
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

/// --data, --definitions and --config, of commands that open a data folder.
void add_folder_options(CLI::App& command, Common& common);
/// --server and --key, of commands that ask a running server.
void add_server_options(CLI::App& command, Common& common);
void add_json_option(CLI::App& command, Common& common);
/// Options of the command line win over the file, which wins over defaults. Throws what CLI11
/// throws for an option that is wrong.
void read_settings(Common& common, const CLI::App& command);

enum class Edge : std::uint8_t;
/// Serves in this process until Ctrl-C or SIGTERM.
void run_server(Common& common, Edge edge);

void add_serve(CLI::App& app, Common& common);
void add_order(CLI::App& app, Common& common);
void add_tail(CLI::App& app, Common& common);
void add_import(CLI::App& app, Common& common);
void add_export(CLI::App& app, Common& common);
void add_verify(CLI::App& app, Common& common);
void add_rebuild(CLI::App& app, Common& common);
void add_backup(CLI::App& app, Common& common);
void add_restore(CLI::App& app, Common& common);
void add_forget(CLI::App& app, Common& common);
void add_lifecycle(CLI::App& app, Common& common);
void add_config(CLI::App& app, Common& common);
void add_role(CLI::App& app, Common& common);
void add_demo(CLI::App& app, Common& common);
void add_bench(CLI::App& app, Common& common);

}  // namespace cairn::app
