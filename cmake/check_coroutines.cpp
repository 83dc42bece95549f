// Exits 0 when every temporary of `co_await f({x, x})` is destroyed exactly once.
#include <coroutine>
#include <exception>
#include <initializer_list>
#include <memory>
#include <vector>

static int alive = 0;

struct Counted {
  Counted() { ++alive; }
  Counted(const Counted&) { ++alive; }
  ~Counted() { --alive; }
};

struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

static std::coroutine_handle<> waiting;

struct Pause {
  std::vector<Counted> held;
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> handle) { waiting = handle; }
  std::size_t await_resume() { return held.size(); }
};

static Pause pause_with(std::vector<Counted> held) { return Pause{std::move(held)}; }

static Task run(std::size_t& seen) {
  Counted x;
  seen = co_await pause_with({x, x});
}

int main() {
  std::size_t seen = 0;
  run(seen);
  waiting.resume();
  return seen == 2 && alive == 0 ? 0 : 1;
}
