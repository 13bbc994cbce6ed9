"""What modtui keeps on disk: the journal (state.db), which is never lost, and the cache (cache.db), which may be.

Raw foreign text goes in and comes out as it is. Nothing here talks to a site or to the screen.
"""

from modtui.store.cache import Cache
from modtui.store.chain import Verified
from modtui.store.ids import new_id
from modtui.store.journal import EventRow, Journal, Move
from modtui.store.rows import PutResult, RowBrief
from modtui.store.store import Store
from modtui.store.trouble import ConflictingOpen

__all__ = [
    "Cache", "ConflictingOpen", "EventRow", "Journal", "Move", "PutResult", "RowBrief", "Store", "Verified", "new_id",
]
