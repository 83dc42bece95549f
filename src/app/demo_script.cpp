#include "app/demo_script.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/text.hpp"
#include "json/writer.hpp"

namespace cairn::app::demo {
namespace {

/// A fault of the file, raised where it is found and caught by load_book.
[[noreturn]] void fault(const YAML::Node& node, const std::string& what) {
  throw YAML::RepresentationException(node.Mark(), what);
}

void expect_keys(const YAML::Node& node, const std::vector<std::string_view>& known) {
  for (const auto& entry : node) {
    const auto name = entry.first.as<std::string>();
    if (std::ranges::find(known, name) != known.end()) continue;
    const auto meant = nearest(name, known);
    fault(entry.first, fmt::format("unknown key \"{}\"{}", name,
                                   meant ? fmt::format("; did you mean \"{}\"?", *meant) : ""));
  }
}

std::string text_of(const YAML::Node& node, const char* key, const std::string& otherwise = "") {
  return node[key] ? node[key].as<std::string>() : otherwise;
}
std::vector<std::string> texts_of(const YAML::Node& node, const char* key) {
  return node[key] ? node[key].as<std::vector<std::string>>() : std::vector<std::string>{};
}
std::int64_t number_of(const YAML::Node& node, const char* key, std::int64_t otherwise = 0) {
  return node[key] ? node[key].as<std::int64_t>() : otherwise;
}
Duration duration_of(const YAML::Node& node, const char* key, Duration otherwise = {0}) {
  if (!node[key]) return otherwise;
  const auto text = node[key].as<std::string>();
  auto duration = parse_duration(text);
  if (!duration) fault(node[key], duration.error().message);
  return *duration;
}

bool is_number(const std::string& text) {
  const auto digits = text.starts_with('-') ? text.substr(1) : text;
  return !digits.empty() && digits.size() < 18 &&
         std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
}

/// YAML as JSON; plain scalars keep their kind, quoted ones are text, `$name` is a hole.
void append_template(std::string& out, const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Map: {
      out += '{';
      for (const auto& entry : node) {
        if (out.back() != '{') out += ',';
        append_json_string(out, entry.first.as<std::string>());
        out += ':';
        append_template(out, entry.second);
      }
      out += '}';
      return;
    }
    case YAML::NodeType::Sequence: {
      out += '[';
      for (const auto& element : node) {
        if (out.back() != '[') out += ',';
        append_template(out, element);
      }
      out += ']';
      return;
    }
    case YAML::NodeType::Scalar: {
      const auto text = node.as<std::string>();
      const bool is_quoted = node.Tag() == "!";
      if (text.starts_with('$'))
        out += kHole + text.substr(1) + kHole;
      else if (!is_quoted && (text == "true" || text == "false" || is_number(text)))
        out += text;
      else
        append_json_string(out, text);
      return;
    }
    default:
      out += "null";
  }
}

Template template_of(const YAML::Node& node, const char* key) {
  Template out;
  if (node[key]) append_template(out.text, node[key]);
  return out;
}

using Passages = std::map<std::string, YAML::Node>;

/// The acts of a script, passages spliced in, in order of time.
class ActReader {
 public:
  ActReader(const Passages& passages, Script& script) : passages_(passages), script_(script) {}

  void read(const YAML::Node& acts, Duration offset, std::size_t order) {
    for (const auto& node : acts) {
      expect_keys(node, {"at", "as_of", "of", "by", "tell", "deed", "ask", "about", "data", "run"});
      if (!node["at"]) fault(node, "at is required: how long after the script began");
      const auto at = duration_of(node, "at") + offset;
      const auto of = node["of"] ? order_named(node["of"]) : order;
      if (node["run"])
        for (const auto& name : node["run"]) play(name, at, of);
      else
        add(act(node, at, of));
    }
  }

  /// A passage inside another script begins at `offset`, whatever time its first act has.
  void play(const YAML::Node& name, Duration offset, std::size_t order) {
    const auto found = passages_.find(name.as<std::string>());
    if (found == passages_.end())
      fault(name, fmt::format("no passage \"{}\"", name.as<std::string>()));
    read(found->second, offset, order);
  }

 private:
  /// In order of time, those of one moment as they were written.
  void add(Act act) {
    const auto after = std::ranges::upper_bound(script_.acts, act.at, {}, &Act::at);
    script_.acts.insert(after, std::move(act));
  }

  std::size_t order_named(const YAML::Node& node) const {
    const auto found = std::ranges::find(script_.orders, node.as<std::string>());
    if (found == script_.orders.end()) fault(node, "of: none of the script's orders");
    return static_cast<std::size_t>(found - script_.orders.begin());
  }

  static Act act(const YAML::Node& node, Duration at, std::size_t order) {
    Act out;
    out.at = at;
    out.order = order;
    out.by = text_of(node, "by");
    out.as_of = duration_of(node, "as_of", Duration{-1});
    for (const auto& [key, way] :
         {std::pair{"tell", Way::Tell}, {"deed", Way::Deed}, {"ask", Way::Ask}})
      if (node[key]) {
        out.way = way;
        out.name = node[key].as<std::string>();
      }
    if (out.by.empty() || out.name.empty()) fault(node, "by, and one of tell, deed, ask: required");
    out.about = text_of(node, "about");
    if (out.about.starts_with('$')) out.about.erase(0, 1);
    out.data = template_of(node, "data");
    return out;
  }

  const Passages& passages_;
  Script& script_;
};

Script script_of(const std::string& id, const YAML::Node& node, const Passages& passages) {
  expect_keys(node, {"title", "shops", "orders", "ends", "conflicts", "copies", "weight", "lines",
                     "promise", "placed", "play", "acts"});
  Script out;
  out.id = id;
  out.shops = texts_of(node, "shops");
  if (node["orders"]) out.orders = texts_of(node, "orders");
  if (node["ends"]) out.ends = node["ends"].as<std::map<std::string, std::string>>();
  out.conflicts = texts_of(node, "conflicts");
  out.copies = number_of(node, "copies", 1);
  out.weight = number_of(node, "weight");
  out.lines = number_of(node, "lines");
  out.promise = duration_of(node, "promise");
  out.placed = template_of(node, "placed");
  ActReader reader(passages, out);
  for (const auto& name : node["play"]) reader.play(name, {0}, 0);
  reader.read(node["acts"], {0}, 0);
  for (std::size_t i = 0; i < out.orders.size(); ++i) {
    const auto first = std::ranges::find(out.acts, i, &Act::order);
    if (first == out.acts.end() || first->name != "order_placed")
      fault(node, fmt::format("order {} does not begin with order_placed", out.orders[i]));
  }
  return out;
}

Shop shop_of(const std::string& code, const YAML::Node& node) {
  expect_keys(node, {"name", "prefix", "source", "lifecycle", "preset", "channel", "warehouse",
                     "plant", "currency", "terms", "attributes", "carriers", "share", "goods"});
  Shop out;
  out.code = code;
  for (const auto& [key, member] : {std::pair{"name", &Shop::name},
                                    {"prefix", &Shop::prefix},
                                    {"source", &Shop::source},
                                    {"lifecycle", &Shop::lifecycle},
                                    {"preset", &Shop::preset},
                                    {"channel", &Shop::channel},
                                    {"warehouse", &Shop::warehouse},
                                    {"plant", &Shop::plant},
                                    {"currency", &Shop::currency},
                                    {"terms", &Shop::terms}})
    out.*member = text_of(node, key);
  out.attributes = template_of(node, "attributes").text;
  out.share = number_of(node, "share");
  out.carriers = texts_of(node, "carriers");
  for (const auto& goods : node["goods"])
    out.goods.push_back(
        {goods[0].as<std::string>(), goods[1].as<std::string>(), goods[2].as<std::int64_t>()});
  if (out.carriers.empty() || out.goods.empty()) fault(node, "carriers and goods are required");
  return out;
}

void read_cast(Book& book, const YAML::Node& root) {
  expect_keys(root,
              {"seed", "rhythm", "orders_max", "story_orders_max", "story_round", "shops",
               "suppliers", "cities", "hubs", "family_names", "given_names", "streets", "staff"});
  book.seed = static_cast<std::uint64_t>(number_of(root, "seed"));
  const auto& rhythm = root["rhythm"];
  book.rhythm = {rhythm["floor_per_s"].as<double>(), rhythm["peak_per_s"].as<double>(),
                 rhythm["peak_hour"].as<double>(), rhythm["width_hours"].as<double>()};
  book.orders_max = static_cast<std::size_t>(number_of(root, "orders_max"));
  book.story_orders_max = static_cast<std::size_t>(number_of(root, "story_orders_max"));
  book.story_round = duration_of(root, "story_round");
  if (book.story_round.us <= 0) fault(root, "story_round: expected a duration");
  for (const auto& entry : root["shops"])
    book.shops.push_back(shop_of(entry.first.as<std::string>(), entry.second));
  book.suppliers = texts_of(root, "suppliers");
  book.family_names = texts_of(root, "family_names");
  book.given_names = texts_of(root, "given_names");
  book.streets = texts_of(root, "streets");
  const auto place = [](const YAML::Node& node, const char* name) {
    return Place{text_of(node, name), text_of(node, "region"), number_of(node, "latitude_e6"),
                 number_of(node, "longitude_e6")};
  };
  for (const auto& node : root["cities"]) book.cities.push_back(place(node, "city"));
  for (const auto& node : root["hubs"]) book.hubs.push_back(place(node, "name"));
  book.staff = root["staff"].as<std::map<std::string, std::vector<std::string>>>();
  for (const auto* list : {&book.suppliers, &book.family_names, &book.given_names, &book.streets})
    if (list->empty()) fault(root, "suppliers, names and streets: none may be empty");
  if (book.cities.empty() || book.hubs.empty()) fault(root, "cities and hubs are required");
}

void check_shops(const Book& book, const Script& script, const YAML::Node& node) {
  for (const auto& code : script.shops)
    if (!book.shop(code)) fault(node, fmt::format("no shop \"{}\" in cast.yaml", code));
}

void read_lives(Book& book, const YAML::Node& root, const Passages& passages) {
  expect_keys(root, {"lives", "backlog_lives", "backlog"});
  for (const auto* group : {"lives", "backlog_lives"})
    for (const auto& entry : root[group]) {
      const auto id = entry.first.as<std::string>();
      auto script = script_of(id, entry.second, passages);
      check_shops(book, script, entry.second);
      if (script.weight > 0 && script.orders.size() > 1)
        fault(entry.second, "an everyday life has one order");
      book.lives.emplace(id, std::move(script));
    }
  for (const auto& node : root["backlog"]) {
    expect_keys(node, {"life", "count", "from", "until"});
    const auto found = book.lives.find(text_of(node, "life"));
    if (found == book.lives.end()) fault(node, "life: none of lives or backlog_lives");
    book.backlog.push_back({&found->second, number_of(node, "count"), duration_of(node, "from"),
                            duration_of(node, "until")});
  }
}

void read_stories(Book& book, const YAML::Node& root, const Passages& passages) {
  expect_keys(root, {"stories"});
  for (const auto& entry : root["stories"]) {
    auto script = script_of(entry.first.as<std::string>(), entry.second, passages);
    check_shops(book, script, entry.second);
    if (script.ends.size() != script.orders.size())
      fault(entry.second, "ends: expected the last state of every order");
    book.stories.push_back(std::move(script));
  }
}

}  // namespace

Duration Script::placed_at(std::size_t order) const {
  return std::ranges::find(acts, order, &Act::order)->at;
}

const Shop* Book::shop(std::string_view code) const {
  const auto found = std::ranges::find(shops, code, &Shop::code);
  return found == shops.end() ? nullptr : &*found;
}

std::size_t Book::story_orders() const {
  std::size_t count = 0;
  for (const auto& story : stories)
    count += story.orders.size() * static_cast<std::size_t>(story.copies);
  return count;
}

Result<Book> load_book(const std::string& folder) {
  Book book;
  std::string path;
  const auto load = [&](const char* name) {
    path = folder + "/" + name;
    return YAML::LoadFile(path);
  };
  try {
    read_cast(book, load("cast.yaml"));
    Passages passages;
    const auto common = load("passages.yaml");
    for (const auto& entry : common["passages"])
      passages.emplace(entry.first.as<std::string>(), entry.second);
    read_lives(book, load("lives.yaml"), passages);
    read_stories(book, load("stories.yaml"), passages);
  } catch (const YAML::BadFile&) {
    return fail(ErrorCode::NotFound, fmt::format("no file {}", path));
  } catch (const YAML::Exception& e) {
    return fail(ErrorCode::Invalid,
                fmt::format("{}:{}: {}", path, std::max(e.mark.line, 0) + 1, e.msg));
  }
  return book;
}

}  // namespace cairn::app::demo
