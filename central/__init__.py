"""The centre: talk groups, broadcasts, voice, the journal and the API that people and screens use."""
