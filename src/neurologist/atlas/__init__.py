"""The atlas: every activation and loss of the catalogue to look at and to play with, in one offline page.

`page` makes it from cards; no request leaves the file, and no formula stands in its JavaScript that Python did not
write there. To add an exhibit: a script in `page/`, its section in `page/index.html`, its words in a file of their own,
`page/words_<exhibit>.json`. To add a lesson to that of learning: `page/learn_<name>.js`, its words, and its key in
`page/state.js`.
May import: `catalogue`, `theory`, those parts of `functional` that need no torch.
"""

from neurologist.atlas.build import page

__all__ = ["page"]
