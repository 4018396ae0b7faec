"""The bundled bot: it transcribes every lane of a Space, applies the host's rules to the text, and acts through the API."""
