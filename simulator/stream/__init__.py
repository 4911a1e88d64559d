"""The exchange's streams: channels, subscriptions, what is pushed and when, and the bytes of each push."""
