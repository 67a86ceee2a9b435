

def test_a_container_before_and_after_its_first_health_check_is_the_same() -> None:
    row = "3f2a9c1b7d0e   example-web   Up 5 seconds ({})   8000/tcp   example-web-1"
    assert by_kind(row.format("healthy")) == by_kind(row.format("health: starting"))
    assert by_kind(row.format("healthy")) != by_kind(row.format("unhealthy"))
