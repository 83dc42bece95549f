#include "modules/integration/mapping.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "modules/integration/definition_file.hpp"

namespace cairn::integration {
namespace {

/// A file of the folder, never a way out of it.
bool is_file_name(std::string_view name) {
  return !name.empty() && name.size() <= 200 && name.find('/') == name.npos &&
         name.find('\\') == name.npos && name[0] != '.' && name.find('\0') == name.npos;
}

void read_table(DefinitionFile& file, ImportMapping& out, const std::string& name,
                const YAML::Node& node) {
  if (!file.expect_map(node, "files",
                       {"file", "key", "joined_to", "optional", "separator", "encoding"}))
    return;
  TableRole table;
  table.name = name;
  table.files = file.texts(node["file"], "file");
  if (table.files.empty()) file.fault(node, fmt::format("{}: file is required", name));
  for (const auto& each : table.files)
    if (!is_file_name(each))
      file.fault(node["file"], fmt::format("\"{}\" is no plain name of a file in the folder",
                                           utf8_prefix(each, 64)));
  table.key = file.required_text(node, "key", name);
  table.joined_to = file.text(node, "joined_to");
  table.is_optional = file.flag(node, "optional", false);
  const std::string separator = file.text(node, "separator");
  if (separator.size() > 1 || separator == "\"" || separator == "\n" || separator == "\r")
    file.fault(node["separator"], "separator: expected one character, such as ; or a tab");
  else if (!separator.empty())
    table.separator = separator[0];
  const std::string encoding = file.text(node, "encoding");
  if (encoding == "utf-8")
    table.encoding = Encoding::Utf8;
  else if (encoding == "gb18030")
    table.encoding = Encoding::Gb18030;
  else if (!encoding.empty() && encoding != "auto")
    file.fault(node["encoding"], "encoding: expected auto, utf-8 or gb18030");
  out.tables.push_back(std::move(table));
}

Occurrence read_occurrence(DefinitionFile& file, const YAML::Node& node) {
  Occurrence out;
  if (!node) return out;
  if (node.IsScalar()) {
    out.column = node.Scalar();
  } else if (file.expect_map(node, "occurred", {"not_before"})) {
    out.not_before = file.texts(node["not_before"], "not_before");
    if (out.not_before.empty())
      file.fault(node, "occurred: expected a column, or not_before with a list of columns");
  }
  return out;
}

void check_precision(DefinitionFile& file, const YAML::Node& node, const Shape& shape) {
  constexpr std::string_view kNames[]{"microsecond", "second", "minute", "hour", "day"};
  const auto check = [&](std::string_view word) {
    if (!word.empty() && !contains(kNames, word))
      file.fault(node,
                 fmt::format("precision: \"{}\" is none of microsecond, second, minute, hour, "
                             "day",
                             utf8_prefix(word, 40)));
  };
  if (shape.kind == Shape::Kind::Constant && shape.constant.size() >= 2)
    check(std::string_view(shape.constant).substr(1, shape.constant.size() - 2));
  for (const auto& [word, precision] : shape.words) check(precision);
  if (shape.kind != Shape::Kind::Constant && shape.kind != Shape::Kind::Take)
    file.fault(node, "precision: expected a word, or {from: column, words: …}");
}

void read_fact(DefinitionFile& file, ImportMapping& out, const YAML::Node& node) {
  if (!file.expect_map(node, "fact",
                       {"type", "id", "occurred", "precision", "when", "each", "group_by",
                        "without_rows", "data"}))
    return;
  MappedFact fact;
  if (!node["type"]) return file.fault(node, "fact: type is required");
  const auto type = file.event_type(node["type"]);
  fact.id = file.required_text(node, "id", "fact");
  if (!node["occurred"]) file.fault(node, "fact: occurred is required");
  fact.occurred = read_occurrence(file, node["occurred"]);
  if (node["precision"]) {
    fact.precision = file.shape(node["precision"]);
    check_precision(file, node["precision"], fact.precision);
  }
  fact.when = file.guards(node["when"]);
  fact.each = file.text(node, "each");
  fact.group_by = file.text(node, "group_by");
  const std::string without = file.text(node, "without_rows");
  if (!without.empty() && without != "once" && without != "none")
    file.fault(node["without_rows"], "without_rows: expected once or none");
  fact.once_without_rows = without == "once";
  if (fact.each.empty() && (!fact.group_by.empty() || fact.once_without_rows))
    file.fault(node, "group_by and without_rows need `each: <table>`");
  if (!type) return;
  fact.type = *type;
  fact.data = file.data_shape(node["data"], *type);
  out.facts.push_back(std::move(fact));
}

void check_roles(DefinitionFile& file, const YAML::Node& section, const ImportMapping& mapping) {
  const auto find = [&](std::string_view name) {
    return std::ranges::find(mapping.tables, name, &TableRole::name);
  };
  if (find(mapping.base) == mapping.tables.end())
    file.fault(section, fmt::format("import: base \"{}\" is none of the files",
                                    utf8_prefix(mapping.base, 64)));
  for (const auto& table : mapping.tables)
    if (table.name == mapping.base && (!table.joined_to.empty() || table.is_optional))
      file.fault(section, "import: the base table is joined to nothing and not optional");
  for (const auto& fact : mapping.facts)
    if (!fact.each.empty() &&
        (find(fact.each) == mapping.tables.end() || fact.each == mapping.base))
      file.fault(section, fmt::format("fact {}: each \"{}\" is no child table", fact.id,
                                      utf8_prefix(fact.each, 64)));
}

void read_import(DefinitionFile& file, const YAML::Node& section, ImportMapping& out) {
  if (!file.expect_map(section, "import", {"base", "files", "order_no", "precision", "facts"}))
    return;
  out.base = file.required_text(section, "base", "import");
  out.order_no = file.required_text(section, "order_no", "import");
  if (section["precision"]) {
    out.precision = file.shape(section["precision"]);
    check_precision(file, section["precision"], out.precision);
  }
  if (section["files"] && section["files"].IsMap())
    file.each_member(section["files"], [&](const std::string& name, const YAML::Node& node) {
      read_table(file, out, name, node);
    });
  else
    file.fault(section, "import: files is required: a map of table: {file, key}");
  if (section["facts"] && section["facts"].IsSequence())
    for (const auto& fact : section["facts"]) read_fact(file, out, fact);
  else
    file.fault(section, "import: facts is required: a list");
  for (auto& table : out.tables)
    if (table.joined_to.empty() && table.name != out.base) table.joined_to = table.key;
  check_roles(file, section, out);
}

void collect(const Shape& shape, const std::string& list, std::vector<std::string>& out) {
  const auto put = [&](const std::string& path) {
    if (path.starts_with('$')) return;
    out.push_back(list.empty() ? path : list + "\n" + path);
  };
  for (const auto& guard : shape.when) put(guard.path);
  const bool is_list = shape.kind == Shape::Kind::List || shape.kind == Shape::Kind::Sum;
  if (shape.kind == Shape::Kind::Take) put(shape.path);
  if (is_list) out.push_back(shape.path + "\n");
  for (const auto& guard : shape.where) out.push_back(shape.path + "\n" + guard.path);
  for (const auto& column : shape.columns) out.push_back(shape.path + "\n" + column);
  for (const auto& [name, field] : shape.fields) collect(field, is_list ? shape.path : list, out);
}

void collect_pattern(std::string_view pattern, const std::string& list,
                     std::vector<std::string>& out) {
  for (std::size_t open = pattern.find('{'); open != pattern.npos;
       open = pattern.find('{', open + 1)) {
    const std::size_t close = pattern.find('}', open);
    if (close == pattern.npos) return;
    const std::string path(pattern.substr(open + 1, close - open - 1));
    if (!path.starts_with('$')) out.push_back(list.empty() ? path : list + "\n" + path);
  }
}

}  // namespace

std::vector<std::string> paths_of(const MappedFact& fact) {
  std::vector<std::string> out;
  const auto put = [&](const std::string& path) {
    if (!path.empty() && !path.starts_with('$'))
      out.push_back(fact.each.empty() ? path : fact.each + "\n" + path);
  };
  if (!fact.each.empty()) out.push_back(fact.each + "\n");
  collect_pattern(fact.id, fact.each, out);
  put(fact.occurred.column);
  for (const auto& column : fact.occurred.not_before) put(column);
  for (const auto& guard : fact.when) put(guard.path);
  put(fact.group_by);
  collect(fact.precision, fact.each, out);
  collect(fact.data, fact.each, out);
  return out;
}

Result<ImportMapping> parse_mapping(std::string_view yaml, std::string_view file_name) {
  ImportMapping out;
  try {
    DefinitionFile file(yaml, file_name);
    if (!file.has_faults()) {
      const YAML::Node section = file.root()["import"];
      if (!section)
        return fail(ErrorCode::NotFound, fmt::format("{} has no `import:` section: it does not say "
                                                     "which columns are which facts",
                                                     file_name));
      read_import(file, section, out);
    }
    if (file.has_faults()) return std::unexpected(file.error());
  } catch (const YAML::Exception& e) {
    return fail(ErrorCode::Invalid,
                fmt::format("{}:{}: {}", file_name, std::max(e.mark.line, 0) + 1, e.msg));
  }
  return out;
}

}  // namespace cairn::integration
