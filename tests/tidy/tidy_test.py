"""Each rule of tidy notices a fault planted for it, and is quiet about the same thing done well."""

import unittest

import habits
import layers
from sources import Source, Tree, blank

LAYERS = "foreach(folder base crypto json ports model core modules adapters http app)"




def faults(rule, path, text, **others):
    tree = {"src/CMakeLists.txt": LAYERS, path: text} | others.get("others", {})
    return [fault for fault in rule(Tree(tree)) if fault.path == path]


class Blanking(unittest.TestCase):
    def test_comments_and_literals_go_and_lines_stay(self):
        text = 'a(); // time(0)\n/* x\n time(0) */ b("time(0)"); c(R"x(\ntime(0))x");\n1\'000\n'
        self.assertEqual(blank(text).count("\n"), text.count("\n"))
        self.assertNotIn("time", blank(text))
        self.assertIn("c(", blank(text))

    def test_raw_lines_cover_the_string(self):
        self.assertEqual(Source("a.cpp", 'x\nf(R"(a\nb)");\ny').raw_lines, {2, 3})


class Layers(unittest.TestCase):
    def check(self, path, text, *present):
        others = {f"src/{name}": "#pragma once\n" for name in present}
        return faults(layers.check_layers, path, text, others=others)

    def test_up_is_a_fault_and_down_is_not(self):
        up = '#include "core/shard.hpp"\n'
        self.assertEqual(len(self.check("src/model/a.cpp", up, "core/shard.hpp")), 1)
        self.assertEqual(self.check("src/http/a.cpp", up, "core/shard.hpp"), [])

    def test_adapters_see_ports_but_not_core(self):
        self.assertEqual(
            len(self.check("src/adapters/x/a.cpp", '#include "core/a.hpp"\n', "core/a.hpp")), 1)
        self.assertEqual(
            self.check("src/adapters/x/a.cpp", '#include "ports/a.hpp"\n', "ports/a.hpp"), [])

    def test_modules_do_not_meet(self):
        text = '#include "modules/orders/order.hpp"\n'
        self.assertEqual(
            len(self.check("src/modules/alerts/a.cpp", text, "modules/orders/order.hpp")), 1)
        self.assertEqual(
            self.check("src/modules/orders/a.cpp", text, "modules/orders/order.hpp"), [])

    def test_a_pure_module_is_for_all_but_sees_no_core(self):
        text = '#include "modules/lifecycle/state.hpp"\n'
        self.assertEqual(
            self.check("src/modules/orders/a.cpp", text, "modules/lifecycle/state.hpp"), [])
        self.assertEqual(len(self.check("src/modules/lifecycle/a.cpp",
                                        '#include "core/a.hpp"\n', "core/a.hpp")), 1)

    def test_a_test_may_wire_adapters_but_not_app(self):
        text = '#include "adapters/memory/a.hpp"\n'
        self.assertEqual(self.check("src/core/core_test.cpp", text, "adapters/memory/a.hpp"), [])
        self.assertEqual(
            len(self.check("src/core/core_test.cpp", '#include "app/a.hpp"\n', "app/a.hpp")), 1)

    def test_what_is_not_there_and_what_is_no_layer(self):
        self.assertEqual(len(self.check("src/core/a.cpp", '#include "shard.hpp"\n')), 1)
        self.assertEqual(len(self.check("src/util/a.cpp", "")), 1)

    def test_commented_out_includes_do_not_count(self):
        self.assertEqual(self.check("src/base/a.cpp", '// #include "core/shard.hpp"\n'), [])


class ThirdParty(unittest.TestCase):
    def test_each_library_has_its_place(self):
        rule = layers.check_third_party
        for header, good, bad in [
                ("simdjson.h", "src/json/a.cpp", "src/model/a.cpp"),
                ("openssl/evp.h", "src/crypto/a.cpp", "src/core/a.cpp"),
                ("sqlite3.h", "src/adapters/sqlite/a.cpp", "src/adapters/segments/a.cpp"),
                ("gtest/gtest.h", "src/core/core_test.cpp", "src/core/core.cpp"),
                ("unistd.h", "src/adapters/x/a.cpp", "src/modules/orders/a.cpp")]:
            self.assertEqual(faults(rule, good, f"#include <{header}>\n"), [], header)
            self.assertEqual(len(faults(rule, bad, f"#include <{header}>\n")), 1, header)

    def test_an_unknown_library_is_a_fault(self):
        self.assertEqual(
            len(faults(layers.check_third_party, "src/http/a.cpp", "#include <boost/asio.hpp>\n")), 1)
        self.assertEqual(
            faults(layers.check_third_party, "src/http/a.cpp", "#include <vector>\n"), [])

    def test_public_headers(self):
        rule = layers.check_public_headers
        self.assertEqual(len(faults(rule, "src/ports/a.hpp", "#include <date/tz.h>\n")), 1)
        self.assertEqual(faults(rule, "src/ports/a.hpp", "#include <vector>\n"), [])


class Habits(unittest.TestCase):
    def once(self, rule, path, bad, good):
        self.assertEqual(len(faults(rule, path, bad)), 1, bad)
        self.assertEqual(faults(rule, path, good), [], good)

    def test_clocks(self):
        for bad in ("auto t = std::chrono::system_clock::now();", "auto t = time(nullptr);",
                    "auto t = std::time(0);", "clock_gettime(CLOCK_REALTIME, &t);",
                    "gettimeofday(&t, nullptr);", "std::random_device d;", "int x = rand();"):
            self.once(habits.check_clocks, "src/core/a.cpp", bad,
                      "f(event.time()); due_time(now); strand(x); // time(0)")
            self.assertEqual(faults(habits.check_clocks, "src/adapters/system/a.cpp", bad), [])

    def test_prints(self):
        for bad in ('std::cout << 1;', 'printf("x");', 'fprintf(stderr, "x");', 'fmt::print("x");'):
            self.once(habits.check_prints, "src/modules/orders/a.cpp", bad, 'snprintf(a, 1, "x");')

    def test_sleeps(self):
        self.once(habits.check_sleeps, "src/core/core_test.cpp",
                  "std::this_thread::sleep_for(1ms);", "wait_until([] { return done; });")

    def test_lengths(self):
        self.once(habits.check_lengths, "src/core/a.cpp", "x" * 101, "x" * 100)
        self.once(habits.check_lengths, "src/core/a.cpp", "x\n" * 601, "x\n" * 600)
        self.assertEqual(
            faults(habits.check_lengths, "src/core/a.cpp", 'f(R"(' + "x" * 100 + ')");'), [])

    def test_headers(self):
        self.once(habits.check_headers, "src/core/a.hpp", "#include <map>\n",
                  "// Why.\n#pragma once\n")
        own = {"src/core/a.hpp": "#pragma once\n"}
        rule, path = habits.check_headers, "src/core/a.cpp"
        self.assertEqual(
            len(faults(rule, path, '#include <map>\n#include "core/a.hpp"\n', others=own)), 1)
        self.assertEqual(
            faults(rule, path, '#include "core/a.hpp"\n\n#include <map>\n', others=own), [])

    def test_using_namespace(self):
        self.once(habits.check_using_namespace, "src/core/a.cpp",
                  "namespace cairn {\nusing namespace std;\n}",
                  "using namespace std::literals;\nvoid f() {\n  using namespace model;\n}\n")

    def test_words_and_machine_paths(self):
        self.once(habits.check_words, "docs/a.md", "TO" "DO: more", "todos are done")
        self.once(habits.check_words, "src/core/a.cpp", '"/ho' 'me/me/x"', '"/v1/work/x" "a/tmp/x"')

    def test_names(self):
        rule = habits.check_names
        self.assertEqual(len(faults(rule, "src/core/OrderFold.cpp", "")), 1)
        self.assertEqual(len(faults(rule, "src/order-core/fold.cpp", "")), 1)
        self.assertEqual(faults(rule, "src/core/order_fold.cpp", ""), [])
        self.assertEqual(faults(rule, "web/src/App.tsx", ""), [])

    def test_built(self):
        lists = {"src/core/CMakeLists.txt": "cairn_library(core SOURCES a.cpp sub/b.cpp)  # c.cpp"}
        for name, count in (("a", 0), ("sub/b", 0), ("c", 1), ("aa", 1)):
            self.assertEqual(len(faults(habits.check_built, f"src/core/{name}.cpp", "",
                                        others=lists)), count, name)

    def test_fuzz_targets(self):
        part = {"tests/fuzz/x.cmake": "cairn_fuzz(fuzz_x SOURCES fuzz_x.cpp)"}
        code = "int LLVMFuzzerTestOneInput(const uint8_t*, size_t);"
        rule = habits.check_fuzz_targets
        self.assertEqual(faults(rule, "tests/fuzz/fuzz_x.cpp", code, others=part), [])
        self.assertEqual(len(faults(rule, "tests/fuzz/fuzz_y.cpp", code, others=part)), 1)
        self.assertEqual(len(faults(rule, "tests/fuzz/y.cmake", "cairn_fuzz(json SOURCES a)")), 1)

    def test_links(self):
        others = {"docs/b.md": "# The One: idea\n", "src/core/shard.cpp": ""}
        good = ("[b](b.md) [h](b.md#the-one-idea) [w](https://x.org/a) [own](#here) [up](../src/core)"
                "\n## Here\n`src/core/shard.cpp:12`\n```\n[x](gone.md)\n```\n")
        self.assertEqual(faults(habits.check_links, "docs/a.md", good, others=others), [])
        for bad in ("[b](c.md)", "[h](b.md#two)", "![i](x.png)", "`src/core/gone.cpp`", "[o](#no)"):
            self.assertEqual(
                len(faults(habits.check_links, "docs/a.md", bad, others=others)), 1, bad)


if __name__ == "__main__":
    unittest.main()
