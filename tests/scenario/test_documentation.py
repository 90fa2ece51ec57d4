"""What the guide says exists, and what exists is in the guide."""
import pathlib
import re

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"


def test_every_metric_is_in_the_guide_and_no_other(door):
    port, _ = door.mutual()
    sallyport = door.start()
    crl = {"sallyport_crl_usable", "sallyport_crl_entries", "sallyport_crl_expires_in_seconds",
           "sallyport_crl_next_update_timestamp_seconds"}
    real = {name for name in sallyport.metrics().names()} | crl
    guide = (DOCS / "guide/observing.md").read_text(encoding="utf-8")
    table = guide[guide.index("## Metrics"):guide.index("## Log")]
    assert set(re.findall(r"`(sallyport_[a-z0-9_]+)`", table)) == real
    assert port


def test_links_between_the_pages_lead_somewhere():
    pages = list(DOCS.rglob("*.md")) + list(DOCS.parent.glob("*.md"))
    assert len(pages) > 10
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if not target.startswith(("http:", "https:")):
                assert (page.parent / target).exists(), f"{page}: {target}"
