"""A Textual app with a tree and a footer, and nothing else: what the explorer's first frame is measured against."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Footer, Tree


class BareApp(App[None]):
    BINDINGS = [("q", "quit", "Quit")]

    def compose(self) -> ComposeResult:
        tree: Tree[None] = Tree("BareRoot")
        tree.root.expand()
        for index in range(20):
            tree.root.add_leaf(f"leaf {index}")
        yield tree
        yield Footer()


if __name__ == "__main__":
    BareApp().run()
