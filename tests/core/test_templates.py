"""Templates are recognised or they are not; none is executed."""

import pytest

from monitor.core.templates import Source, recognised


@pytest.mark.parametrize(
    ("template", "source"),
    [
        (None, Source()),
        ("{{ value }}", Source()),
        ("{{value_json}}", Source()),
        ("{{ value_json.a.b }}", Source(("a", "b"))),
        ("""{{ value_json['a b']["c"][0] }}""", Source(("a b", "c", 0))),
        ("{{- value_json.a -}}", Source(("a",))),
        ("{{ value | float(0) | round(1, 'floor') | int | default('x') }}", Source()),
        ("{{ value_json.a / 100.0 }}", Source(("a",), 0.01)),
        ("{{ value_json.a | int * 10 }}", Source(("a",), 10.0)),
        ("{{ value_json.a / 10 | round(1) }}", Source(("a",), 0.1)),
        ("{{ (value_json.a / 4) | round }}", Source(("a",), 0.25)),
        ("{{ (value_json.a | float) / 4 }}", Source(("a",), 0.25)),
    ],
)
def test_the_usual_templates_are_read(template: object, source: Source) -> None:
    assert recognised(template) == source


@pytest.mark.parametrize(
    "template",
    [
        "",
        7,
        "{{ value.a }}",
        "{{ value_jsonx.a }}",
        "{{ value_json.a / 0 }}",
        "{{ value_json.a + 1 }}",
        "{{ value_json.a * 2 * 3 }}",
        "{{ (value_json.a * 2) * 3 }}",
        "{{ (value_json.a * 2 }}",
        "{{ value_json.a * 0.6 | int }}",
        "{{ value_json.a * 0.6 | round }}",
        "{{ value_json.a if value_json.a else 0 }}",
        "{{ value_json.a | regex_replace('x', 'y') }}",
        "{{ value_json.a() }}",
        "{{ value_json.a }}{{ value_json.b }}",
        "{% if value_json.a %}ON{% endif %}",
        "{{ value" + " " * 300 + "}}",
    ],
)
def test_any_other_template_is_not_read(template: object) -> None:
    assert recognised(template) is None
