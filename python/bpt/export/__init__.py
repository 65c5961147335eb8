"""Published models as `bpt` model IR."""

from bpt.export.sentence import export_sentence_encoder

__all__ = ["export_sentence_encoder"]
