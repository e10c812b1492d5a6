"""Settings of a relay."""
import os

DEBUG = os.environ.get("DEBUG", "0") == "1"

UPSTREAM_PROVIDERS = [
    {
        "name": "primary",
        "priority": 1,
        "base_url": "https://api.openai.com/v1",
        "api_key": os.getenv("OPENAI_API_KEY"),
        "models": ["gpt-4", "gpt-3.5-turbo"],
        "default_model": "gpt-4",
        "timeout": 30,
        "enabled": True,
    },
    {
        'name': 'backup',
        'priority': 2,
        'base_url': 'https://api.deepseek.com',
        'api_key': 'sk-plain-in-python',
        'models': ['deepseek-chat'],
        'default_model': 'deepseek-chat',
        'timeout': 2.5,
        'enabled': False,
    },
]

MODEL_ALIASES = {
    "gpt4": "gpt-4",   # an alias
    "cheap": "gpt-3.5-turbo",
}


def helper():
    return [provider["name"] for provider in UPSTREAM_PROVIDERS]
