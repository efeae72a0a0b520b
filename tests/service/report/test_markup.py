"""HTML from parts: only markup is markup."""

from service.report.markup import Html, element, joined


def test_text_is_escaped_in_elements_and_attributes() -> None:
    made = element("p", "a < b & 'c'", title='"quoted" <b>')
    assert made == ('<p title="&quot;quoted&quot; &lt;b&gt;">a &lt; b &amp; &#x27;c&#x27;</p>')


def test_markup_stands_as_it_is() -> None:
    inner = element("b", "x")
    assert element("p", inner, "<i>") == "<p><b>x</b>&lt;i&gt;</p>"
    assert joined(Html("<hr>"), "<hr>") == "<hr>&lt;hr&gt;"


def test_names_of_attributes_may_be_words_of_the_language() -> None:
    assert element("td", class_="number", data_chart="equity") == (
        '<td class="number" data-chart="equity"></td>'
    )


def test_what_is_made_of_markup_by_hand_is_text_again() -> None:
    assert element("p", element("b", "x") + "<script>") == (
        "<p>&lt;b&gt;x&lt;/b&gt;&lt;script&gt;</p>"
    )
