#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "adapters/sqlite/connection.hpp"
#include "base/text.hpp"
#include "json/value.hpp"
#include "program.hpp"

/// Commands that work on a data folder: import, export, backup, restore, verify, rebuild, forget.
namespace cairn::e2e {
namespace {

constexpr int kOrders = 40;

/// A folder of CSV files as the definition `olist` wants them.
void write_orders(const std::string& folder, int count) {
  std::filesystem::create_directories(folder);
  std::ofstream orders(folder + "/orders.csv");
  orders << "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,"
            "order_delivered_carrier_date,order_delivered_customer_date,"
            "order_estimated_delivery_date,precision\n";
  for (int i = 0; i < count; ++i)
    orders << fmt::format(
        "o{0},c{0},delivered,2018-01-02 10:00:00,2018-01-02 11:00:00,2018-01-03 09:00:00,"
        "2018-01-0{1} 12:00:00,2018-01-06 00:00:00,s\n",
        i, 4 + i % 4);
  std::ofstream customers(folder + "/customers.csv");
  customers << "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,"
               "customer_state\n";
  for (int i = 0; i < count; ++i)
    customers << fmt::format("c{0},u{0},01310,cidade-escondida-{0},SP\n", i);
  std::ofstream items(folder + "/order_items.csv");
  items << "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value\n";
  for (int i = 0; i < count; ++i)
    items << fmt::format("o{0},1,p{0},s1,2018-01-04 10:00:00,100.00,9.90\n", i);
  std::ofstream payments(folder + "/payments.csv");
  payments << "order_id,payment_sequential,payment_type,payment_installments,payment_value\n";
  for (int i = 0; i < count; ++i) payments << fmt::format("o{0},1,credit_card,1,109.90\n", i);
}

json::Value parsed(json::Document& document, const std::string& text) {
  const auto value = document.parse(text);
  EXPECT_TRUE(value) << text;
  return value ? *value : json::Value{};
}

std::int64_t number_in(json::Value value, std::string_view name) {
  const auto member = value.find(name);
  return member ? member->as_integer().value_or(-1) : -1;
}

std::int64_t position_in(const std::string& piles) {
  return *sqlite::Connection::open(piles, sqlite::Access::Read)
              ->number("SELECT position FROM meta");
}

class Data : public ::testing::Test {
 protected:
  Data() { write_orders(files_, kOrders); }
  Ended import(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"import", "--source", "olist", files_, "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  /// As if somebody had put the parts of two backups together: a folder whose piles know what its
  /// log never held. `before`: the position of the piles that belong to the log.
  std::string mix(std::int64_t* before = nullptr) {
    const auto mixed = folder_.path("mixed"), piles = std::string("/shard-00/piles.db");
    import({"--data", data_});
    std::filesystem::copy(data_, mixed, std::filesystem::copy_options::recursive);
    if (before) *before = position_in(mixed + piles);
    write_orders(files_, kOrders + 10);
    import({"--data", data_});
    std::filesystem::copy(data_ + piles, mixed + piles,
                          std::filesystem::copy_options::overwrite_existing);
    return mixed;
  }
  Ended verify(const std::string& data) { return run({"verify", "--data", data, "--json"}); }

  TemporaryFolder folder_;
  const std::string files_ = folder_.path("files");
  const std::string data_ = folder_.path("data");
};

TEST_F(Data, ImportingAgainWritesNothing) {
  const auto first = import({"--data", data_});
  ASSERT_EQ(first.code, 0) << first.error << first.out;
  json::Document document;
  auto told = parsed(document, first.out);
  EXPECT_EQ(number_in(told, "orders"), kOrders);
  EXPECT_EQ(number_in(told, "rejected"), 0);
  EXPECT_EQ(number_in(told, "accepted"), 6 * kOrders);
  EXPECT_EQ(number_in(*told.find("report"), "follows_from_dates"), kOrders);
  EXPECT_EQ(number_in(*told.find("report")->find("findings"), "late_by_date"), kOrders / 4);
  const auto again = import({"--data", data_});
  told = parsed(document, again.out);
  EXPECT_EQ(number_in(told, "accepted"), 0);
  EXPECT_EQ(number_in(told, "duplicates"), 6 * kOrders);
  const auto checked = verify(data_);
  EXPECT_EQ(checked.code, 0) << checked.out << checked.error;
  EXPECT_EQ(number_in(parsed(document, checked.out), "orders"), kOrders);
}

TEST_F(Data, ThroughAServerItIsTheSame) {
  Server server(data_);
  const auto first = import({"--data", data_, "--server", server.url()});
  ASSERT_EQ(first.code, 0) << first.error << first.out;
  json::Document document;
  EXPECT_EQ(number_in(parsed(document, first.out), "accepted"), 6 * kOrders);
  const auto busy = import({"--data", data_});
  EXPECT_EQ(busy.code, 1);
  EXPECT_NE(busy.error.find("--server"), std::string::npos) << busy.error;
  EXPECT_EQ(server.end(), 0);
  const auto local = import({"--data", data_});
  EXPECT_EQ(number_in(parsed(document, local.out), "duplicates"), 6 * kOrders);
}

TEST_F(Data, ABackupOfARunningServerOpensVerifiesAndIsRestored) {
  const auto backup = folder_.path("backup"), restored = folder_.path("restored");
  {
    Server server(data_);
    import({"--data", data_, "--server", server.url()});
    const auto made = run({"backup", backup, "--server", server.url(), "--data", data_});
    EXPECT_EQ(made.code, 0) << made.error;
    write_orders(files_, kOrders + 10);  // ten more, which the backup does not have
    import({"--data", data_, "--server", server.url()});
    const auto taken = run({"backup", backup, "--server", server.url(), "--data", data_});
    EXPECT_EQ(taken.code, 1) << "a backup replaced another";
    EXPECT_EQ(server.end(), 0);
  }
  const auto there = run({"restore", backup, "--data", restored});
  ASSERT_EQ(there.code, 0) << there.error;
  json::Document document;
  const auto checked = verify(restored);
  EXPECT_EQ(checked.code, 0) << checked.out << checked.error;
  EXPECT_EQ(number_in(parsed(document, checked.out), "orders"), kOrders);
  // The numbers go on where they were: what the backup lacks can be brought in.
  const auto more = import({"--data", restored});
  EXPECT_EQ(number_in(parsed(document, more.out), "accepted"), 6 * 10) << more.out;
  EXPECT_EQ(verify(restored).code, 0);
  const auto over = run({"restore", backup, "--data", data_});
  EXPECT_EQ(over.code, 1) << "a restore replaced data";
  std::filesystem::remove(backup + "/backup.json");
  const auto broken = run({"restore", backup, "--data", folder_.path("other")});
  EXPECT_EQ(broken.code, 1);
  EXPECT_NE(broken.error.find("no whole backup"), std::string::npos) << broken.error;
}

TEST_F(Data, ABackupOfAStoppedFolderIsTheSame) {
  import({"--data", data_});
  const auto made = run({"backup", folder_.path("backup"), "--data", data_});
  ASSERT_EQ(made.code, 0) << made.error;
  const auto restored = run({"restore", folder_.path("backup"), "--data", folder_.path("again")});
  ASSERT_EQ(restored.code, 0) << restored.error;
  const auto one = run({"export", "events", "--data", data_});
  const auto other = run({"export", "events", "--data", folder_.path("again")});
  EXPECT_EQ(one.code, 0) << one.error;
  EXPECT_FALSE(one.out.empty());
  EXPECT_EQ(one.out, other.out);
}

TEST_F(Data, VerifyNamesWhatIsDamagedAndRebuildMendsViews) {
  import({"--data", data_});
  EXPECT_EQ(verify(data_).code, 0);
  const auto rebuilt = run({"rebuild", "--data", data_, "--json"});
  EXPECT_EQ(rebuilt.code, 0) << rebuilt.error;
  json::Document document;
  EXPECT_EQ(number_in(parsed(document, rebuilt.out), "orders"), kOrders);
  auto checked = verify(data_);
  EXPECT_EQ(checked.code, 0) << checked.out;
  EXPECT_EQ(number_in(parsed(document, checked.out), "rows"), kOrders);

  // A byte of a pile changes: of the text that every order has in clear.
  const auto path = data_ + "/shard-00/piles.db";
  auto bytes = content_of(path);
  const auto at = bytes.find("credit_card");
  ASSERT_NE(at, std::string::npos);
  bytes[at] = 'X';
  std::ofstream(path, std::ios::binary) << bytes;
  checked = verify(data_);
  EXPECT_EQ(checked.code, 4) << checked.out << checked.error;
  EXPECT_NE(checked.out.find("checksum"), std::string::npos) << checked.out;
}

TEST_F(Data, PilesAheadOfTheirLogAreRefusedUntilTheOperatorGivesTheRecordsUp) {
  const auto mixed = mix();
  const auto refused = verify(mixed);
  EXPECT_EQ(refused.code, 1) << refused.out << refused.error;
  constexpr std::string_view kRemedy = "--accept-loss ";
  const auto at = refused.error.find(kRemedy);
  ASSERT_NE(at, std::string::npos) << refused.error;
  const auto loss = std::string(trim(refused.error.substr(at + kRemedy.size())));
  {
    Server server(mixed, {"--accept-loss", loss});
    EXPECT_EQ(server.end(), 0);
  }
  // Orders are whole and go on; that records are missing from the audit is never forgotten.
  const auto checked = verify(mixed);
  json::Document document;
  const auto told = parsed(document, checked.out);
  EXPECT_EQ(number_in(told, "fault_count"), 1) << checked.out;
  EXPECT_NE(checked.out.find("shard 0: audit: "), std::string::npos) << checked.out;
  EXPECT_EQ(number_in(told, "orders"), number_in(told, "rows")) << checked.out;
}

/// A position that stands too low, as a fault of the drain would leave it.
TEST_F(Data, VerifyFindsRecordsOfPilesThatTheLogNeverHeld) {
  std::int64_t before = 0;
  const auto mixed = mix(&before), piles = mixed + "/shard-00/piles.db";
  ASSERT_GT(position_in(piles), before);
  ASSERT_TRUE(sqlite::Connection::open(piles, sqlite::Access::Write)
                  ->execute(fmt::format("UPDATE meta SET position = {}", before)));
  const auto checked = verify(mixed);
  EXPECT_EQ(checked.code, 4) << checked.out << checked.error;
  EXPECT_NE(checked.out.find("is in the piles, and the log ends with"), std::string::npos)
      << checked.out;
}

TEST_F(Data, ExportsOpenInOtherPrograms) {
  import({"--data", data_});
  const auto orders = run({"export", "orders", "--data", data_});
  EXPECT_TRUE(orders.out.starts_with("\xef\xbb\xbfid,order_no,")) << orders.out.substr(0, 80);
  EXPECT_EQ(std::ranges::count(orders.out, '\n'), kOrders + 1);
  const auto audit = run({"export", "audit", "--data", data_});
  EXPECT_EQ(std::ranges::count(audit.out, '\n'), 6 * kOrders + 1);
  const auto events = run({"export", "events", "--data", data_});
  EXPECT_EQ(std::ranges::count(events.out, '\n'), 6 * kOrders);
  const auto out = folder_.path("events.ndjson");
  EXPECT_EQ(run({"export", "events", "--data", data_, "--out", out}).code, 0);
  EXPECT_EQ(content_of(out), events.out);
  EXPECT_EQ(run({"export", "events", "--data", data_, "--out", out}).code, 1);
}

/// Every file below a folder that has these bytes.
std::vector<std::string> files_with(const std::string& folder, std::string_view bytes) {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && content_of(entry.path()).find(bytes) != std::string::npos)
      out.push_back(entry.path().string());
  return out;
}

std::string placed(const std::string& number, const std::string& name) {
  return fmt::format(
      R"({{"type":"order_placed","order":"{0}","id":"{0}/placed","occurred":"2026-01-05T08:00:00Z",)"
      R"("data":{{"total":12900,"currency":"CNY","references":[{{"scheme":"po","value":"PO-{0}"}}],)"
      R"("receiver":{{"name":"{1}","phone":"13812345678","address":"{1}路一号"}}}}}})"
      "\n",
      number, name);
}

TEST_F(Data, WhatIsForgottenIsInNoFileAndNoAnswer) {
  constexpr std::string_view kSecret = "欧阳问雪";
  {
    Server server(data_);
    const auto told = send(server, data_, placed("F-1", "欧阳问雪") + placed("F-2", "司马听雨"));
    EXPECT_NE(told.find("\"accepted\":2"), std::string::npos) << told;
    const auto through = [&](std::vector<std::string> arguments) {
      for (const auto& more : {std::string("--server"), server.url(), std::string("--data"), data_})
        arguments.push_back(more);
      return run(arguments);
    };
    EXPECT_EQ(through({"backup", folder_.path("backup")}).code, 0);
    const auto before =
        run({"export", "events", "--data", folder_.path("backup"), "--with-personal"});
    EXPECT_NE(before.out.find(kSecret), std::string::npos) << "the test looks for what never was";
    EXPECT_NE(through({"forget", "F-1"}).code, 0) << "forgot without --yes";
    const auto done = through({"forget", "F-1", "--yes", "--json"});
    ASSERT_EQ(done.code, 0) << done.error;
    json::Document document;
    EXPECT_GE(number_in(parsed(document, done.out), "keys_destroyed"), 1) << done.out;
    for (const auto* what : {"show", "timeline"}) {
      const auto shown = through({"order", what, "F-1", "--json"});
      EXPECT_EQ(shown.code, 0) << shown.error;
      EXPECT_EQ(shown.out.find(kSecret), std::string::npos) << shown.out;
      EXPECT_EQ(shown.out.find("欧"), std::string::npos) << "the masked name: " << shown.out;
    }
    EXPECT_EQ(server.end(), 0);
  }
  const auto events = run({"export", "events", "--data", data_, "--with-personal"});
  EXPECT_EQ(events.out.find(kSecret), std::string::npos) << "still readable in the folder";
  EXPECT_NE(events.out.find("司马听雨"), std::string::npos) << "others were forgotten too";
  EXPECT_TRUE(files_with(data_, kSecret).empty()) << files_with(data_, kSecret)[0];
  EXPECT_TRUE(files_with(folder_.path("backup"), kSecret).empty());
  const auto checked = verify(data_);
  EXPECT_EQ(checked.code, 0) << checked.out << checked.error;
  json::Document document;
  EXPECT_EQ(number_in(parsed(document, checked.out), "forgotten"), 1);
  // Again, on the stopped folder: no error, nothing more.
  const auto again = run({"forget", "F-1", "--yes", "--data", data_});
  EXPECT_EQ(again.code, 0) << again.error;
  EXPECT_EQ(verify(data_).code, 0);
  EXPECT_EQ(run({"forget", "nobody", "--yes", "--data", data_}).code, 1);
}

}  // namespace
}  // namespace cairn::e2e
