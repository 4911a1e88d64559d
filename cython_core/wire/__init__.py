"""The exchange's wire: the push messages as one table, and what reads decimals, frames and messages from bytes."""
