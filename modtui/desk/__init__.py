"""The program without a screen: sync, queue, context, decisions, outbox. Pure asyncio, no Textual."""
