"""A deck in every way of writing decks as text, and what is read from it."""

from __future__ import annotations

import json
from dataclasses import dataclass

REVEAL = (
    '<!doctype html><html lang="en"><head><title>Growing rye</title>'
    '<meta name="author" content="Ada Baker"></head><body><div class="reveal"><div class="slides">'
)


@dataclass(frozen=True)
class Deck:
    """A deck and what is read from it.

    Attributes:
        slides: titles of its slides, with words that stand on each.
        notes: numbers of slides, and words of their notes.
    """

    name: str
    text: str
    slides: list[tuple[str, str]]
    notes: dict[int, str]


MARP_HTML = (
    '<html><body><div id=":$p"><svg data-marpit-svg="" viewBox="0 0 1280 720"><foreignObject '
    'width="1280" height="720"><section id="1" data-theme="default"><h1>Growing rye</h1>'
    '<p>Ada Baker</p></section></foreignObject></svg><svg data-marpit-svg="" viewBox="0 0 1 1">'
    '<foreignObject><section id="2" data-marpit-advanced-background="background"><p>no</p>'
    '</section></foreignObject><foreignObject><section id="2" '
    'data-marpit-advanced-background="content"><h2>Soil</h2><ul><li>loam</li></ul></section>'
    '</foreignObject></svg></div><div class="bespoke-marp-note" data-index="1" tabindex="0">'
    "<p>mention winter</p></div></body></html>"
)
DECKS = [
    Deck(
        "reveal.html",
        f'{REVEAL}<section><h1>Growing rye</h1><aside class="notes">welcome</aside></section>'
        '<section><section><h2>Soil</h2><ul><li class="fragment">loam</li><li>clay</li></ul>'
        '<img src="a.png" alt="a field"><a href="https://example.org/rye">more</a></section>'
        '<section data-notes="say why"><p>harrowing</p></section></section>'
        "<section><p>ploughing</p><pre><code>x = 1</code></pre></section></div></div></body>",
        [("Growing rye", ""), ("Soil", "loam\nclay"), ("", "harrowing"), ("", "x = 1")],
        {1: "welcome", 3: "say why"},
    ),
    Deck(
        "markdown-inside.html",
        f'{REVEAL}<section data-markdown data-separator="^---$"><textarea data-template>\n'
        "  # Growing rye\n  Ada Baker\n  ---\n  ## Soil\n  - loam &amp; clay\n\n"
        "  Note: mention winter\n</textarea></section><section data-markdown>"
        '<script type="text/template">\n## Harrow\n- ploughing\n</script></section></div></div>',
        [("Growing rye", "Ada Baker"), ("Soil", "loam & clay"), ("Harrow", "ploughing")],
        {2: "mention winter"},
    ),
    Deck(
        "remark.html",
        '<html><body><textarea id="source">\nclass: center\n\n# Growing rye\n\n---\n\n# Soil\n\n'
        "loam &lt;clay&gt;\n\n???\nmention winter\n</textarea><script>remark.create();</script>",
        [("Growing rye", ""), ("Soil", "loam")],
        {2: "mention winter"},
    ),
    Deck(
        "marp.html", MARP_HTML, [("Growing rye", "Ada Baker"), ("Soil", "loam")],
        {2: "mention winter"},
    ),
    Deck(
        "slidy.html",
        '<html><body><div class="slide titlepage"><h1>Growing rye</h1></div><div class="slide">'
        '<h1>Soil</h1><p>loam</p><div class="handout notes">mention winter</div></div></body>',
        [("Growing rye", ""), ("Soil", "loam")],
        {2: "mention winter"},
    ),
    Deck(
        "impress.html",
        '<html><body><div id="impress"><div class="step"><h1>Growing rye</h1></div>'
        '<div class="step"><p>loam</p><div class="notes">mention winter</div></div></div>',
        [("Growing rye", ""), ("", "loam")],
        {2: "mention winter"},
    ),
    Deck(
        "deckjs.html",
        '<html><body class="deck-container"><section class="slide"><h1>Growing rye</h1></section>'
        '<section class="slide"><h2>Soil</h2><section class="slide"><p>loam</p></section>'
        "</section></body>",
        [("Growing rye", ""), ("Soil", ""), ("", "loam")],
        {},
    ),
    Deck(
        "dzslides.xhtml",
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body><section><h1>'
        'Growing rye</h1></section><section><p>loam</p><div role="note">mention winter</div>'
        '</section><div id="progress-bar"/></body></html>',
        [("Growing rye", ""), ("", "loam")],
        {2: "mention winter"},
    ),
    Deck(
        "marp.md",
        "---\nmarp: true\ntheme: default\nheader: 'Leeds 2024'\n---\n\n# Growing rye\n\n"
        "<!-- welcome everybody -->\n\n---\n<!-- _class: lead -->\n## Soil\n\n- loam\n- clay\n\n"
        "![bg right a field](img.png)\n\n---\n\n- harrowing\n",
        [("Growing rye", "Leeds 2024"), ("Soil", "loam\nclay"), ("", "harrowing")],
        {1: "welcome everybody"},
    ),
    Deck(
        "slidev.md",
        "---\ntheme: seriph\ntitle: Growing rye\n---\n\n# Growing rye\n\nAda Baker\n\n---\n"
        "layout: two-cols\nclass: text-center\n---\n\n# Soil\n\nloam\n\n::right::\n\nclay\n\n<!--\n"
        "mention winter\n-->\n\n---\n\n```ts {all|2}\nconst ploughing = 1\n---\n```\n",
        [("Growing rye", "Ada Baker"), ("Soil", "loam\nclay"), ("", "const ploughing = 1\n---")],
        {2: "mention winter"},
    ),
    Deck(
        "remark.md",
        "class: center, middle\n\n# Growing rye\n\n---\nname: soil\n# Soil\n\n.left-column[\n"
        "  loam .red[and [a](https://example.org/b)]\n]\n\n--\n\nclay\n\n???\nmention winter\n"
        "---\nlayout: true\n\nevery slide\n---\n\n# Harrow\n",
        [("Growing rye", ""), ("Soil", "loam and a\nclay"), ("Harrow", "")],
        {2: "mention winter"},
    ),
    Deck(
        "reveal.md",
        "---\ntitle: Growing rye\nrevealOptions:\n  transition: fade\n---\n\n# Growing rye\n\n"
        "---\n\n## Soil\n\nNotes: mention winter\n\n----\n\nloam\n",
        [("Growing rye", ""), ("Soil", ""), ("", "loam")],
        {2: "mention winter"},
    ),
    Deck(
        "deckset.md",
        "slidenumbers: true\n\n# Growing rye\n\n^ mention winter\n\n---\n\n# Soil\n\nloam\n",
        [("Growing rye", ""), ("Soil", "loam")],
        {1: "mention winter"},
    ),
    Deck(
        "presenterm.md",
        "Growing rye\n===\n\n<!-- speaker_note: mention winter -->\n\n<!-- end_slide -->\n\n"
        "Soil\n---\n\n<!-- pause -->\n\nloam\n",
        [("Growing rye", ""), ("Soil", "loam")],
        {1: "mention winter"},
    ),
    Deck(
        "plain.md",
        "# Growing rye\n\n---\n\n# Soil\n\nloam\n\n---\n\n# Harrow\n\n---\n\n# End\n",
        [("Growing rye", ""), ("Soil", "loam"), ("Harrow", ""), ("End", "")],
        {},
    ),
    Deck(
        "quarto.qmd",
        '---\ntitle: "Growing rye"\nauthor:\n  - name: Ada Baker\ndate: 2024-05-02\n'
        "format:\n  revealjs:\n    theme: dark\n---\n\n## Soil {.smaller}\n\n::: {.incremental}\n"
        "- loam\n- [clay]{.red}\n:::\n\n::: {.notes}\nmention winter\n:::\n\n```{python}\n"
        "#| echo: true\nplough(1)\n```\n",
        [("Growing rye", "Ada Baker\n2024-05-02"), ("Soil", "loam\nclay\nplough(1)")],
        {2: "mention winter"},
    ),
    Deck(
        "rmd.Rmd",
        "---\ntitle: Growing rye\nauthor: Ada Baker\ndate: !r Sys.Date()\n"
        "output: beamer_presentation\n---\n\n# Fields\n\n## Soil\n\n- loam\n\n---\n\nclay\n",
        [("Growing rye", "Ada Baker"), ("Fields", ""), ("Soil", "loam"), ("", "clay")],
        {},
    ),
    Deck(
        "pandoc.md",
        "% Growing rye\n% Ada Baker\n% 2024-05-02\n\n# Soil\n\n- loam\n\n. . .\n\n- clay\n\n"
        "::: notes\nmention winter\n:::\n",
        [("Growing rye", "Ada Baker\n2024-05-02"), ("Soil", "loam\nclay")],
        {2: "mention winter"},
    ),
    Deck(
        "xaringan.Rmd",
        "---\ntitle: Growing rye\noutput:\n  xaringan::moon_reader:\n    lib_dir: libs\n---\n\n"
        "# Soil\n\nloam\n\n???\n\nmention winter\n\n---\n\n# Harrow\n",
        [("Soil", "loam"), ("Harrow", "")],
        {1: "mention winter"},
    ),
    Deck(
        "notebook.ipynb",
        json.dumps(
            {
                "cells": [
                    {"cell_type": "markdown", "metadata": {"slideshow": {"slide_type": "slide"}},
                     "source": ["# Growing rye\n", "Ada Baker"]},
                    {"cell_type": "code", "metadata": {}, "source": "print('x')",
                     "outputs": [
                         {"output_type": "stream", "text": ["loam\n"]},
                         {"output_type": "display_data",
                          "data": {"text/plain": "<Figure size 640x480 with 1 Axes>"}}]},
                    {"cell_type": "markdown", "metadata": {"slideshow": {"slide_type": "notes"}},
                     "source": "mention winter"},
                    {"cell_type": "markdown", "metadata": {"slideshow": {"slide_type": "subslide"}},
                     "source": "## Soil\n\nclay"},
                ],
                "metadata": {"authors": [{"name": "Ada Baker"}]}, "nbformat": 4,
            }
        ),
        [("Growing rye", "Ada Baker\nprint('x')\nloam"), ("Soil", "clay")],
        {1: "mention winter"},
    ),
    Deck(
        "talk.slide",
        "Growing rye\nA talk\n2 May 2024\nTags: soil, rye\n\nAda Baker\nada@example.org\n\n"
        "* Soil\n\n- *loam*\n- clay\n: mention winter\n\n.link https://example.org/rye more\n"
        "# a comment\n* Harrow\n\n\tx := 1\n",
        [("Growing rye", "A talk\n2 May 2024\nAda Baker\nada@example.org"),
         ("Soil", "loam\nclay\nmore"), ("Harrow", "x := 1")],
        {2: "mention winter"},
    ),
    Deck(
        "markdown.slide",
        "# Growing rye\n2 May 2024\n\nAda Baker\n\n## Soil\n\n- **loam**\n\n: mention winter\n",
        [("Growing rye", "2 May 2024\nAda Baker"), ("Soil", "loam")],
        {2: "mention winter"},
    ),
    Deck(
        "talk.org",
        "#+TITLE: Growing rye\n#+AUTHOR: Ada Baker\n#+DATE: <2024-05-02 Thu>\n#+REVEAL_THEME: x\n"
        "# a comment\n* Soil\n - /loam/\n - [[https://example.org/c][clay]]\n#+BEGIN_NOTES\n"
        "mention winter\n#+END_NOTES\n** Harrow\n:PROPERTIES:\n:ID: 1\n:END:\n| a | b |\n"
        "|---+---|\n| 1 | 2 |\n",
        [("Soil", "loam\nclay"), ("Harrow", "a | b\n1 | 2")],
        {1: "mention winter"},
    ),
    Deck(
        "beamer.tex",
        "\\documentclass{beamer}\n\\newcommand{\\farm}{RyeNet}\n"
        "\\title{Growing rye}\\author{Ada Baker \\and Bo Miller}\n"
        "\\date{2024-05-02}\n\\begin{document}\n\\frame{\\titlepage}\n\\section{Fields}\n"
        "\\begin{frame}[fragile]{Soil \\& b\\\"oden}\n\\begin{itemize}\\item \\emph{loam}\n"
        "\\item<2-> clay % why not\n\\end{itemize}\n\\href{https://example.org/rye}{more}\n"
        "\\note{mention winter}\n\\end{frame}\n\\begin{frame}[fragile]\\frametitle{Code}\n"
        "\\begin{tabular}{l|r} \\hline a & b \\\\ 1 & 2 \\end{tabular}\\farm{}\n"
        "\\begin{lstlisting}[language=TeX]\nx = {1} % 2\n\\note{shown}\n\\end{lstlisting}\n"
        "\\end{frame}\n\\end{document}\n",
        [("Growing rye", "Ada Baker\nBo Miller\n2024-05-02"), ("Soil & böden", "loam\nclay\nmore"),
         ("Code", "RyeNet\nx = {1} % 2\n\\note{shown}\na | b\n1 | 2")],
        {2: "mention winter"},
    ),
    Deck(
        "s5.rst",
        ".. include:: <s5defs.txt>\n\n===========\nGrowing rye\n===========\n\n"
        ":Author: Ada Baker\n\n.. a comment\n\n"
        "Soil\n====\n\n* *loam*\n\n.. notes::\n\n   mention winter\n",
        [("Growing rye", "Ada Baker"), ("Soil", "loam")],
        {2: "mention winter"},
    ),
    Deck(
        "hovercraft.rst",
        ":title: Growing rye\n:data-transition-duration: 1500\n\n----\n\n:id: a\n\nGrowing rye\n"
        "===========\n\n----\n\nSoil\n====\n\n* loam\n\n.. note::\n\n    mention winter\n",
        [("Growing rye", ""), ("Soil", "loam")],
        {2: "mention winter"},
    ),
    Deck(
        "rules.rst",
        "Growing rye\n===========\n\n----\n\nSoil\n====\n\nloam\n\n"
        ".. note:: mention winter\n\n"
        "----\n\n.. image:: a.png\n    :alt: a field\n\nHarrow\n------\n",
        [("Growing rye", ""), ("Soil", "loam"), ("Harrow", "")],
        {2: "mention winter"},
    ),
    Deck(
        "talk.adoc",
        "= Growing rye\nAda Baker <ada@example.org>\n2024-05-02\n:revealjs_theme: white\n\n"
        "// why\n\n== Soil\n\n* *loam*\n* https://example.org/c[clay]\n\nimage::a.png[a field]\n\n"
        "[NOTE.speaker]\n--\nmention winter\n--\n\n=== Harrow\n\n|===\n| a | b\n| 1 | 2\n|===\n",
        [("Growing rye", "Ada Baker"), ("Soil", "loam\nclay"), ("Harrow", "a | b\n1 | 2")],
        {2: "mention winter"},
    ),
]  # fmt: skip
