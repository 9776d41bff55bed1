"""Models of a few thousand random weights, saved as their makers' own are, for the real loading code."""

from pathlib import Path

import torch

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def clip_text(folder: Path, tokenizer: Path | None = None) -> Path:
    """A CLIP text encoder with a tokenizer of single letters, beside it or elsewhere."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    tokens = [*LETTERS, *(f"{letter}</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=77).save_pretrained(tokenizer or folder)
    torch.manual_seed(0)
    config = CLIPTextConfig(
        vocab_size=len(tokens),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=77,
        bos_token_id=vocabulary["<|startoftext|>"],
        eos_token_id=vocabulary["<|endoftext|>"],
        pad_token_id=vocabulary["<|endoftext|>"],
    )
    model = CLIPTextModel(config)
    with torch.no_grad():  # Fresh layer norms are the identity, and would hide that one was left out.
        for name, values in model.named_parameters():
            if "final_layer_norm" in name:
                values.uniform_(0.5, 1.5)
    model.save_pretrained(folder)
    return folder


def vae_kl(folder: Path, **more: object) -> Path:
    """An `AutoencoderKL` that shrinks eight times."""
    from diffusers import AutoencoderKL

    torch.manual_seed(1)
    AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        **{"scaling_factor": 0.18215, **more},
    ).save_pretrained(folder)
    return folder


def vae_tiny(folder: Path) -> Path:
    """An `AutoencoderTiny` that shrinks eight times."""
    from diffusers import AutoencoderTiny

    torch.manual_seed(2)
    widths = {"encoder_block_out_channels": (8,) * 4, "decoder_block_out_channels": (8,) * 4}
    blocks = {"num_encoder_blocks": (1,) * 4, "num_decoder_blocks": (1,) * 4}
    AutoencoderTiny(latent_channels=4, **widths, **blocks).save_pretrained(folder)
    return folder


def blip(folder: Path) -> Path:
    """A BLIP captioner that looks at 32 x 32 px and knows the letters."""
    from transformers import (
        BertTokenizer,
        BlipConfig,
        BlipForConditionalGeneration,
        BlipTextConfig,
        BlipVisionConfig,
    )
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    folder.mkdir(parents=True, exist_ok=True)
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", *LETTERS]
    (folder / "vocab.txt").write_text("\n".join(tokens))
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    BlipImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    torch.manual_seed(3)
    size = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    text = BlipTextConfig(
        vocab_size=len(tokens),
        encoder_hidden_size=16,
        projection_dim=16,
        max_position_embeddings=64,
        bos_token_id=tokens.index("[DEC]"),
        eos_token_id=tokens.index("[SEP]"),
        sep_token_id=tokens.index("[SEP]"),
        pad_token_id=0,
        **size,
    )
    vision = BlipVisionConfig(image_size=32, patch_size=16, projection_dim=16, **size)
    config = BlipConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=16)
    model = BlipForConditionalGeneration(config)
    with torch.no_grad():  # Weights as small as the fresh ones say the same of every picture.
        for values in model.parameters():
            if values.ndim > 1:
                values.normal_(0.0, 0.5)
    model.save_pretrained(folder)
    return folder
