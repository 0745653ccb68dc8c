"""stub"""
import typer
app = typer.Typer()
def log() -> None:
    """Log."""
