"""Small configurations of every family, and the torch models made from them."""

HALF = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 5,
    "num_attention_heads": 4,
}
# 50 pixels are not a multiple of 16: the last two rows and columns are not seen
VISION = {**HALF, "image_size": 50, "patch_size": 16}
CLIP_VOCABULARY = 600

CONFIGS = {
    "clip": {
        "model_type": "clip",
        "projection_dim": 48,
        "text_config": {
            **HALF,
            "vocab_size": CLIP_VOCABULARY,
            "max_position_embeddings": 20,
            "bos_token_id": CLIP_VOCABULARY - 2,
            "eos_token_id": CLIP_VOCABULARY - 1,
            "pad_token_id": CLIP_VOCABULARY - 1,
        },
        "vision_config": VISION,
    },
    "siglip": {
        "model_type": "siglip",
        "text_config": {
            **HALF,
            "vocab_size": 700,
            "max_position_embeddings": 24,
            "projection_size": 64,
            "bos_token_id": 1,
            "eos_token_id": 1,
            "pad_token_id": 0,
        },
        "vision_config": VISION,
    },
    "distilbert": {
        "model_type": "distilbert",
        "dim": 64,
        "hidden_dim": 128,
        "n_layers": 5,
        "n_heads": 4,
        "vocab_size": 800,
        "max_position_embeddings": 140,
    },
    "bert": {"model_type": "bert", **HALF, "vocab_size": 800, "max_position_embeddings": 140},
}
