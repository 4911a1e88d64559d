"""The exchange's time, with a wall clock that the test turns."""

from __future__ import annotations

from flashc.simulator.server.clock import MAX, Clock


class Wall:
    def __init__(self) -> None:
        self.ns = 77

    def __call__(self) -> int:
        return self.ns


def test_an_accelerated_clock_runs_faster_than_the_wall() -> None:
    wall = Wall()
    clock = Clock(1_000, speed=60, monotonic=wall)
    wall.ns += 10
    assert clock.now_ns() == 1_600
    assert clock.wait_s(clock.now_ns() + 60_000_000_000) == 1.0
    assert clock.wait_s(0) == 0.0


def test_a_clock_of_greatest_speed_stands_until_it_is_told() -> None:
    wall = Wall()
    clock = Clock(1_000, speed=MAX, monotonic=wall)
    wall.ns += 10**9
    assert clock.now_ns() == 1_000
    clock.reach(5_000)
    clock.reach(4_000)
    assert clock.now_ns() == 5_000


def test_a_running_clock_cannot_be_pushed() -> None:
    clock = Clock(1_000, monotonic=Wall())
    clock.reach(5_000)
    assert clock.now_ns() == 1_000


def test_changing_the_speed_makes_no_jump() -> None:
    wall = Wall()
    clock = Clock(0, speed=10, monotonic=wall)
    wall.ns += 5
    clock.set_speed(1)
    assert clock.now_ns() == 50
    wall.ns += 5
    assert clock.now_ns() == 55
