#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

#include "app/cities.hpp"

namespace cairn::app {
namespace {

namespace fs = std::filesystem;

const Cities& cities() {
  static const auto kCities = Cities::load(CAIRN_SOURCE_DIR "/definitions/cities.yaml");
  EXPECT_TRUE(kCities) << kCities.error().message;
  return *kCities;
}
std::string chinese(std::string_view place) { return cities().of(place).zh; }
std::string english(std::string_view place) { return cities().of(place).en; }

TEST(Cities, AreTakenFromWhatCarriersWrite) {
  EXPECT_EQ(chinese("南京市秦淮区 张师傅 13900001111"), "南京市");
  EXPECT_EQ(chinese("北京朝阳区 张师傅 13900001111"), "北京市");
  EXPECT_EQ(chinese("【南京转运中心】已发往下一站"), "南京市");
  EXPECT_EQ(chinese("中国，江苏省苏州市昆山市花桥镇"), "苏州市") << "the larger one, named first";
  EXPECT_EQ(chinese("延边朝鲜族自治州延吉市"), "延边朝鲜族自治州");
  EXPECT_EQ(chinese("吉林省长春转运中心"), "长春市") << "the city in the province of one name";
  EXPECT_EQ(chinese("吉林分拨中心"), "吉林市");
  EXPECT_EQ(english("西安市雁塔区"), "Xi'an");
  EXPECT_EQ(chinese("NANJING SORTING CENTER"), "南京市");
  EXPECT_EQ(english("Los Angeles, CA 90045"), "Los Angeles");
  EXPECT_EQ(chinese("Suzhou"), "Suzhou") << "two cities are called so";
}

TEST(Cities, AreNotGuessed) {
  for (const auto* place : {"", "张师傅 13900001111", "请联系张三丰，电话13800005678",
                            "朝阳区望京街道8号", "南京路12号", "东方市场二楼", "合作驿站",
                            "Room 5, 12 Main Street", "Paris Hilton", "Nanjingers", "小区南门",
                            "菜鸟驿站(万达店)", "\xff\xfe 13900001111", "某市某区", "他在A市"})
    EXPECT_EQ(chinese(place) + english(place), "") << place;
  EXPECT_EQ(chinese(std::string(80'000, 'x') + "南京市"), "");
}

TEST(Cities, WithDigitsAreRefusedWithTheirLine) {
  const auto file = fs::temp_directory_path() / fmt::format("cairn-cities-{}.yaml", ::getpid());
  const auto load = [&](std::string_view text) {
    std::ofstream(file) << text;
    auto loaded = Cities::load(file.string());
    fs::remove(file);
    return loaded ? std::string() : loaded.error().message;
  };
  EXPECT_EQ(load("cities:\n  南京市: Nanjing\n"), "");
  EXPECT_TRUE(load("cities:\n  南京市: Nanjing\n  张13900001111: Zhang\n").contains(".yaml:3: "));
  EXPECT_TRUE(load("cities: [南京市\n").contains(".yaml: "));
  EXPECT_TRUE(Cities::load(file.string()).error().message.starts_with("no file "));
}

}  // namespace
}  // namespace cairn::app
