#include "modules/integration/importer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "modules/integration/row_scope.hpp"
#include "modules/integration/subject.hpp"

namespace cairn::integration {
namespace {

using model::EventFlag;

std::optional<std::filesystem::path> find_file(const std::filesystem::path& folder,
                                               const TableRole& role) {
  std::error_code error;
  for (const auto& name : role.files)
    for (const char* suffix : {"", ".gz"})
      if (auto path = folder / (name + suffix); std::filesystem::is_regular_file(path, error))
        return path;
  return std::nullopt;
}

struct OpenFile {
  std::string name;
  std::unique_ptr<FileInput> input;
  std::unique_ptr<CsvReader> reader;
  Columns columns;
};

Result<OpenFile> open_file(const std::filesystem::path& path, const TableRole& role) {
  OpenFile out;
  out.name = path.filename().string();
  CsvOptions options;
  options.separator = role.separator;
  options.encoding = role.encoding;
  if (role.encoding == Encoding::Auto) {
    CAIRN_TRY(const auto probe, FileInput::open(path));
    auto detected = detect_encoding(*probe);
    if (!detected) {
      detected.error().message = fmt::format("{}: {}", out.name, detected.error().message);
      return std::unexpected(std::move(detected).error());
    }
    options.encoding = *detected;
  }
  CAIRN_TRY(out.input, FileInput::open(path));
  out.reader = std::make_unique<CsvReader>(*out.input, options);
  auto names = out.reader->read_header();
  if (!names) {
    names.error().message = fmt::format("{}:1: {}", out.name, names.error().message);
    return std::unexpected(std::move(names).error());
  }
  out.columns = Columns(*std::move(names));
  return out;
}

std::optional<Precision> precision_named(std::string_view name) {
  constexpr std::string_view kNames[]{"microsecond", "second", "minute", "hour", "day"};
  const auto known = std::ranges::find(kNames, name);
  if (known == std::end(kNames)) return std::nullopt;
  return static_cast<Precision>(known - kNames);
}

}  // namespace

std::uint64_t ImportCounts::all_facts() const {
  std::uint64_t sum = 0;
  for (const auto& [type, count] : facts) sum += count;
  return sum;
}

struct Importer::State {
  ImportMapping mapping;
  SourceDefinition source;
  OpenFile base;
  std::string base_key;
  std::vector<std::pair<const TableRole*, std::optional<Table>>> children;
  std::vector<std::string> child_files;
  ImportCounts counts;
  std::vector<ImportProblem> problems;
  CsvRow row;
  OrderRows rows;
  bool is_finished = false;
  // Of the order being read.
  std::vector<model::Told>* facts = nullptr;
  std::vector<std::string> ids;

  void note(const std::string& file, std::uint64_t line, std::string message) {
    if (problems.size() < kProblemsMax) problems.push_back({file, line, std::move(message)});
  }
  Result<void> load_child(const std::filesystem::path& folder, const TableRole& role);
  Result<void> check_columns() const;
  Result<std::optional<Precision>> precision_of(const MappedFact& fact, const Scope& scope) const;
  Result<bool> put_time(const MappedFact& fact, const Scope& scope, model::Event& event) const;
  Result<void> add_fact(const MappedFact& fact, const Scope& scope, std::string_view order_no);
  void try_fact(const MappedFact& fact, const Scope& scope, std::string_view order_no);
  void add_facts(const MappedFact& fact, std::string_view order_no);
  void finish();
};

Result<void> Importer::State::load_child(const std::filesystem::path& folder,
                                         const TableRole& role) {
  auto& [kept, table] = children.emplace_back(&role, std::nullopt);
  auto& file_name = child_files.emplace_back(role.files[0]);
  const auto path = find_file(folder, role);
  if (!path) {
    if (role.is_optional) return {};
    return fail(ErrorCode::NotFound, fmt::format("{} has no {} (or {}.gz)", folder.string(),
                                                 fmt::format("{}", role.files[0]), role.files[0]));
  }
  CAIRN_TRY(auto file, open_file(*path, role));
  file_name = file.name;
  table.emplace();
  table->columns = file.columns;
  table->key_column = file.columns.find(role.key);
  if (table->key_column < 0) return {};  // reported by check_columns with all the others
  CsvRow read;
  for (;;) {
    CAIRN_TRY(const bool is_any, file.reader->next(read));
    if (!is_any) break;
    if (read.problem) {
      ++counts.rows_unread;
      note(file.name, read.line, read.problem->message);
      continue;
    }
    CAIRN_TRY_VOID(table->add(read));
  }
  table->sort_by_key();
  return {};
}

/// Finds every column that the mapping names and no file has.
Result<void> Importer::State::check_columns() const {
  std::vector<std::string> missing;
  const auto table_of = [&](std::string_view name) -> const Columns* {
    if (name == mapping.base) return &base.columns;
    for (const auto& [role, table] : children)
      if (role->name == name && table) return &table->columns;
    return nullptr;
  };
  const auto is_absent = [&](std::string_view name) {  // an optional file that is not there
    return std::ranges::any_of(
        children, [&](const auto& child) { return child.first->name == name && !child.second; });
  };
  const auto report = [&](std::string text) {
    if (!contains(missing, text)) missing.push_back(std::move(text));
  };
  const auto check = [&](std::string_view entry, const std::string& where) {
    const std::size_t cut = entry.find('\n');
    const auto list = cut == entry.npos ? std::string_view() : entry.substr(0, cut);
    auto path = cut == entry.npos ? entry : entry.substr(cut + 1);
    if (!list.empty() && is_absent(list)) return;
    if (!list.empty() && !table_of(list))
      return report(fmt::format("{}: there is no table {}", where, list));
    if (path.empty()) return;
    if (const std::size_t dot = path.find('.'); dot != path.npos) {
      const auto name = path.substr(0, dot);
      if (is_absent(name)) return;
      const auto* columns = table_of(name);
      if (!columns || columns->find(path.substr(dot + 1)) < 0)
        report(fmt::format("{}: there is no column {}", where, path));
      return;
    }
    if (base.columns.find(path) >= 0 || (!list.empty() && table_of(list)->find(path) >= 0)) return;
    report(
        fmt::format("{}: there is no column {}{}{}", where, list, list.empty() ? "" : ".", path));
  };
  MappedFact order;
  order.id = mapping.order_no;
  order.precision = mapping.precision;
  for (const auto& path : paths_of(order)) check(path, "order_no");
  for (const auto& fact : mapping.facts)
    for (const auto& path : paths_of(fact)) check(path, std::string(model::row_of(fact.type).name));
  if (base.columns.find(base_key) < 0) report(fmt::format("{}: no key {}", base.name, base_key));
  for (const auto& [role, table] : children) {
    if (table && table->key_column < 0) report(fmt::format("{}: no key {}", role->name, role->key));
    if (base.columns.find(role->joined_to) < 0)
      report(fmt::format("{}: no column {} to join {} to", base.name, role->joined_to, role->name));
  }
  if (missing.empty()) return {};
  std::string message = "the files do not fit the mapping:";
  for (const auto& text : missing) message += "\n" + text;
  return fail(ErrorCode::Invalid, std::move(message));
}

Result<std::optional<Precision>> Importer::State::precision_of(const MappedFact& fact,
                                                               const Scope& scope) const {
  const auto is_set = [](const Shape& s) {
    return s.kind == Shape::Kind::Take || !s.constant.empty();
  };
  const Shape& shape = is_set(fact.precision) ? fact.precision : mapping.precision;
  if (!is_set(shape)) return std::optional<Precision>();
  std::string word;
  CAIRN_TRY(const bool is_told, append_shaped(shape, scope, source.zone, word));
  if (!is_told) return std::optional<Precision>();
  const auto named = precision_named(std::string_view(word).substr(1, word.size() - 2));
  if (!named)
    return fail(ErrorCode::Invalid, fmt::format("precision {} is not known; add it to the words of "
                                                "the mapping",
                                                utf8_prefix(word, 40)));
  return named;
}

/// False where the fact did not happen: its column is empty.
Result<bool> Importer::State::put_time(const MappedFact& fact, const Scope& scope,
                                       model::Event& event) const {
  const auto& occurred = fact.occurred;
  if (!occurred.not_before.empty()) {
    event.set(EventFlag::NoDate);
    for (const auto& column : occurred.not_before) {
      const auto text = scope.text(column);
      if (!text) continue;
      // A column that cannot be read is reported by the fact that happened then.
      if (const auto told = parse_told_time(*text, source.zone))
        event.occurred = std::max(event.occurred, told->time);
    }
    return true;
  }
  const auto text = scope.text(occurred.column);
  if (!text) return false;
  auto told = parse_told_time(*text, source.zone);
  if (!told)
    return fail(ErrorCode::Invalid, fmt::format("{}: {}", occurred.column, told.error().message));
  event.occurred = told->time;
  event.precision = told->precision;
  if (told->is_inferred) event.set(EventFlag::ZoneInferred);
  CAIRN_TRY(const auto coarser, precision_of(fact, scope));
  if (coarser) event.precision = *coarser;
  return true;
}

Result<void> Importer::State::add_fact(const MappedFact& fact, const Scope& scope,
                                       std::string_view order_no) {
  if (!holds(fact.when, scope)) return {};
  model::Told told;
  model::Event& event = told.event;
  CAIRN_TRY(const bool happened, put_time(fact, scope, event));
  if (!happened) return {};
  std::string id = fill_text(fact.id, scope);
  if (contains(ids, id))
    return fail(ErrorCode::IdReused,
                fmt::format("two facts of order {} have the id {}; name the row in `id:`", order_no,
                            utf8_prefix(id, 100)));
  std::string data;
  CAIRN_TRY_VOID(append_shaped(fact.data, scope, source.zone, data));
  if (data.empty()) data = "{}";
  event.type = fact.type;
  CAIRN_TRY(event.payload, model::read_payload(fact.type, data, model::Reading::Fact));
  event.id = model::identity_of(source.id, id);
  event.origin.source = source.id;
  event.origin.trust = source.trust;
  event.origin.role = source.role;
  auto address = address_of_number(order_no, source);
  if (auto* placed = std::get_if<model::OrderPlaced>(&event.payload)) {
    if (placed->order_no.empty()) placed->order_no = order_no;
    if (placed->lifecycle.empty()) placed->lifecycle = source.lifecycle;
  }
  told.order = address.order;
  told.reference = std::move(address.reference);
  ++counts.facts[fact.type];
  facts->push_back(std::move(told));
  ids.push_back(std::move(id));
  return {};
}

void Importer::State::try_fact(const MappedFact& fact, const Scope& scope,
                               std::string_view order_no) {
  const auto added = add_fact(fact, scope, order_no);
  if (added) return;
  ++counts.facts_unread;
  note(base.name, row.line,
       fmt::format("{}{}{}: {}", model::row_of(fact.type).name,
                   added.error().pointer.empty() ? "" : " ", added.error().pointer,
                   added.error().message));
}

void Importer::State::add_facts(const MappedFact& fact, std::string_view order_no) {
  const auto* child = fact.each.empty() ? nullptr : rows.child(fact.each);
  if (!child || !child->table || child->rows.empty()) {
    if (fact.each.empty() || fact.once_without_rows) try_fact(fact, RowScope(rows), order_no);
    return;
  }
  if (fact.group_by.empty()) {
    for (std::size_t i = 0; i < child->rows.size(); ++i)
      try_fact(fact,
               RowScope(rows, *child, std::span(child->rows).subspan(i, 1), child->rows.size()),
               order_no);
    return;
  }
  std::vector<std::pair<std::string, std::vector<std::uint32_t>>> groups;
  for (const auto number : child->rows) {
    const RowScope one(rows, *child, std::span(&number, 1), 0);
    const std::string value = one.text(fact.group_by).value_or("");
    auto found = std::ranges::find(groups, value, [](const auto& g) { return g.first; });
    if (found == groups.end()) found = groups.insert(groups.end(), {value, {}});
    found->second.push_back(number);
  }
  for (const auto& [value, members] : groups)
    try_fact(fact, RowScope(rows, *child, members, groups.size()), order_no);
}

void Importer::State::finish() {
  is_finished = true;
  for (std::size_t i = 0; i < children.size(); ++i) {
    const auto& [role, table] = children[i];
    if (!table || table->unused() == 0) continue;
    counts.rows_without_order[role->name] = table->unused();
    note(child_files[i], table->first_unused_line(),
         fmt::format("the first of {} rows whose {} no row of {} has", table->unused(), role->key,
                     base.name));
  }
}

Importer::Importer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Importer::~Importer() = default;
Importer::Importer(Importer&&) noexcept = default;
Importer& Importer::operator=(Importer&&) noexcept = default;

Result<Importer> Importer::open(const std::filesystem::path& folder, ImportMapping mapping,
                                SourceDefinition source) {
  auto state = std::make_unique<State>();
  State& s = *state;
  s.mapping = std::move(mapping);
  s.source = std::move(source);
  const auto base = std::ranges::find(s.mapping.tables, s.mapping.base, &TableRole::name);
  if (base == s.mapping.tables.end())
    return fail(ErrorCode::Invalid, "the mapping has no base table");
  const auto path = find_file(folder, *base);
  if (!path)
    return fail(ErrorCode::NotFound, fmt::format("{} has no {} (or {}.gz); is it the right folder?",
                                                 folder.string(), base->files[0], base->files[0]));
  CAIRN_TRY(s.base, open_file(*path, *base));
  s.base_key = base->key;
  s.counts.bytes_total = s.base.input->bytes_total();
  for (const auto& role : s.mapping.tables)
    if (role.name != s.mapping.base) CAIRN_TRY_VOID(s.load_child(folder, role));
  CAIRN_TRY_VOID(s.check_columns());
  s.rows.base_name = s.mapping.base;
  s.rows.base_columns = &s.base.columns;
  for (auto& [role, table] : s.children)
    s.rows.children.push_back({role->name, table ? &*table : nullptr, {}});
  return Importer(std::move(state));
}

Result<bool> Importer::next(std::vector<model::Told>& facts, std::vector<std::string>* ids) {
  State& s = *state_;
  facts.clear();
  s.ids.clear();
  s.facts = &facts;
  std::string order_no;
  while (!s.is_finished) {
    CAIRN_TRY(const bool is_any, s.base.reader->next(s.row));
    s.counts.bytes_read = s.base.input->bytes_read();
    if (!is_any) {
      s.finish();
      break;
    }
    if (s.row.problem) {
      ++s.counts.rows_unread;
      s.note(s.base.name, s.row.line, s.row.problem->message);
      continue;
    }
    s.rows.base = &s.row;
    order_no = trim(fill_text(s.mapping.order_no, RowScope(s.rows)));
    if (!order_no.empty()) break;
    ++s.counts.rows_unread;
    s.note(s.base.name, s.row.line, "the row has no order number");
  }
  if (s.is_finished) return false;
  for (std::size_t i = 0; i < s.children.size(); ++i) {
    auto& [role, table] = s.children[i];
    auto& mine = s.rows.children[i].rows;
    mine.clear();
    if (!table) continue;
    const int joined = s.base.columns.find(role->joined_to);
    const auto found = table->with_key(s.row.fields[static_cast<std::size_t>(joined)]);
    mine.assign(found.begin(), found.end());
    if (mine.empty()) ++s.counts.orders_without_row[role->name];
    for (const auto number : mine) table->mark_used(number);
  }
  ++s.counts.orders;
  for (const auto& fact : s.mapping.facts) s.add_facts(fact, order_no);
  if (ids) *ids = s.ids;
  return true;
}

const ImportCounts& Importer::counts() const { return state_->counts; }
const std::vector<ImportProblem>& Importer::problems() const { return state_->problems; }

}  // namespace cairn::integration
