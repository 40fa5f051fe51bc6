"""`ethoprofiler completion`: shell completion."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash: ethoprofiler completion bash > ~/.local/share/bash-completion/completions/ethoprofiler
    zsh:  ethoprofiler completion zsh > "${fpath[1]}/_ethoprofiler"
    fish: ethoprofiler completion fish > ~/.config/fish/completions/ethoprofiler.fish
    """  # noqa: D301 - click reads the backspace character
    root = ctx.find_root()
    completion_class = get_completion_class(shell)
    assert completion_class is not None
    script = completion_class(root.command, {}, "ethoprofiler", "_ETHOPROFILER_COMPLETE")
    click.echo(script.source())
