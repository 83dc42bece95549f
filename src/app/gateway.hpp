#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include "app/attachments.hpp"
#include "app/clock_watch.hpp"
#include "app/import_reports.hpp"
#include "app/installation.hpp"
#include "app/live.hpp"
#include "app/parameters.hpp"
#include "app/public_links.hpp"
#include "app/workers.hpp"
#include "core/history.hpp"
#include "http/gzip.hpp"
#include "http/live_hub.hpp"
#include "http/metrics.hpp"
#include "http/rate_limit.hpp"
#include "http/router.hpp"
#include "modules/integration/cloud_events.hpp"
#include "modules/orders/render.hpp"
#include "modules/orders/render_public.hpp"
#include "ports/clock.hpp"

namespace cairn::app {

/// Who asks, as the edge found out.
struct Principal {
  std::string name;              ///< of the key, or "local"
  std::string actor;             ///< the person it speaks for; empty: the key itself
  std::string source = "cairn";  ///< what it speaks for
  model::Role role = model::Role::Admin;
  std::string ip, request;

  model::Origin origin() const {
    return {source, 200, role, actor.empty() ? name : actor, ip, request, {}};
  }
};

/// The role `gateway`: requests into inputs and questions, answers into responses. Its handlers run
/// on the edge's threads; replies of shards on theirs. Owned by `serve`.
class Gateway {
 public:
  struct Options {
    bool keyless = false;
    bool is_demo = false;
    bool is_tls = false;
    std::string api_key_hash;
    std::string version;
    integration::Zone zone;                       ///< whose clock public pages show
    std::string page, page_not_found, page_busy;  ///< templates of the public page
    std::uint32_t public_per_minute = 0;          ///< for one address; 0: no limit
    integration::IntakeLimits intake;
    ClockWatch* clock_watch = nullptr;  ///< whose jumps are told; null: nobody watches (tests)
    std::shared_ptr<http::Metrics> metrics;
    const http::LiveHub* hub = nullptr;
    /// What a backup copies besides the shards; null: there is nothing to back up (tests).
    DataFolder* folder = nullptr;
    ports::KeyValues* tables = nullptr;
  };
  Gateway(Options options, Installation& installation, ports::Clock& clock, Live& live,
          Workers& workers, ImportReports& reports, PublicLinks links, Attachments& attachments);

  /// Every route of api/openapi.yaml.
  void add_routes(http::Router& router);
  /// The status of an order, ready to send; false: ask the router.
  bool answer_fast(std::string_view path, std::string_view authorization, std::string& body);
  /// From now on events are handed over together, whenever the loop that calls the routes has
  /// called what this returns: at the end of each of its rounds. Before any request.
  std::function<void()> by_rounds();

 private:
  using Handler = std::function<void(const Principal&, const http::Request&, http::Responder)>;
  void add_event_routes(http::Router& router);
  void add_live_routes(http::Router& router);
  void add_public_routes(http::Router& router);
  void add_attachment_routes(http::Router& router);
  http::Handler guarded(Handler handler);
  enum class For : std::uint8_t { Programs, People };
  /// Answers 429 where the asker's address has asked too often for what tracking links show.
  http::Handler limited(For whom, http::Handler handler);
  /// Lets a read wait, for a second at most, until the views have come to where `after` says.
  Handler behind(Handler handler);
  struct Held;
  void hold(std::shared_ptr<Held> held);
  bool has_reached(const Position& position) const;
  Result<Principal> principal_of(const http::Request& request) const;
  bool is_known_key(std::string_view authorization) const;

  void place_order(const Principal&, const http::Request&, http::Responder);
  void command(const Principal&, const http::Request&, http::Responder);
  void correction(const Principal&, const http::Request&, http::Responder);
  void commands(const Principal&, const http::Request&, http::Responder);
  /// What a command gives back, once; written into the answer's `result`.
  using CommandResult = std::function<void(json::Writer&)>;
  void submit_command(const Principal&, const model::OrderId&, core::Command, http::Responder,
                      const http::Request&, CommandResult result = {});
  CommandResult make_link(const http::Request&, const model::OrderId&, core::Command&);
  void send_revealed(const model::OrderId&, http::Response, std::shared_ptr<http::Responder>);
  /// Of an order, or null where the token leads nowhere.
  using PublicAnswer = std::function<http::Response(const orders::Order*, std::uint64_t version)>;
  void ask_public(const http::Request&, http::Responder, PublicAnswer);
  orders::PublicWords public_words(bool is_chinese) const;
  enum class History : std::uint8_t { Unwanted, Wanted };
  /// Nothing: it must see the history, which it had not asked for.
  using Answering =
      std::function<std::optional<http::Response>(const orders::Order&, const core::Seen&)>;
  /// Puts a question to the order the path names and sends what `answering` makes of it.
  void ask(const http::Request&, http::Responder, History, Answering);
  void put_question(const model::OrderId&, http::RequestInfo, std::shared_ptr<http::Responder>,
                    History, Answering);
  void get_order(const Principal&, const http::Request&, http::Responder);
  void get_status(const Principal&, const http::Request&, http::Responder);
  void get_timeline(const Principal&, const http::Request&, http::Responder);
  void get_audit(const Principal&, const http::Request&, http::Responder);
  void get_audit_of_all(const Principal&, const http::Request&, http::Responder);
  void get_raw(const Principal&, const http::Request&, http::Responder);
  void get_request(const Principal&, const http::Request&, http::Responder);
  void list_orders(const Principal&, const http::Request&, http::Responder);
  void get_board(const Principal&, const http::Request&, http::Responder);
  void get_quarantine(const Principal&, const http::Request&, http::Responder);
  void dismiss(const Principal&, const http::Request&, http::Responder);
  void get_conflicts(const Principal&, const http::Request&, http::Responder);
  void get_meta(const Principal&, const http::Request&, http::Responder);
  void get_import(const http::Request&, http::Responder&);
  void back_up(const Principal&, const http::Request&, http::Responder);
  void forget_order(const Principal&, const http::Request&, http::Responder);
  void get_metrics(http::Responder);

  void ask_for_missed(const model::OrderId& id, std::uint64_t from, http::LiveReply reply);
  /// The changes of one order after `from`, as events; sets `through` to the last of them.
  std::string missed_changes(const orders::Order& order,
                             std::span<const core::StoredRecord> history, std::uint64_t from,
                             std::uint32_t shard, std::uint64_t& through);

  /// What the JSON of a request may be.
  json::Limits json_limits() const { return {.depth_max = options_.intake.json_depth_max}; }
  orders::Viewer viewer(const Principal& principal) const;
  std::string position_of(std::uint32_t shard, std::uint64_t number) const;
  std::string position() const;

  Options options_;
  Installation& installation_;
  ports::Clock& clock_;
  Live& live_;
  Workers& workers_;
  ImportReports& reports_;
  PublicLinks links_;
  Attachments& attachments_;
  http::RateLimit public_limit_;
  std::atomic<bool> is_backing_up_{false};
  std::once_flag meta_once_;
  std::string meta_;
  http::GzipTail meta_gzip_;
  bool has_rounds_ = false;
};

/// The value of one cookie; empty when there is none of that name.
std::string_view cookie(std::string_view header, std::string_view name);

}  // namespace cairn::app
