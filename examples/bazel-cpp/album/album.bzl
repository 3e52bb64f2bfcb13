"""A rule whose output is a directory: how many files there are in it is known only after it ran."""

def _album_impl(ctx):
    pages = ctx.actions.declare_directory(ctx.label.name)
    ctx.actions.run_shell(
        inputs = [ctx.file.towns],
        outputs = [pages],
        tools = [ctx.executable.writer],
        arguments = [ctx.executable.writer.path, ctx.file.towns.path, pages.path],
        command = """
set -eu
while read -r town; do
  mkdir -p "$3/$town/front" "$3/$town/back/stamp"
  "$1" "$town" > "$3/$town/front/card.txt"
  echo "postage paid in $town" > "$3/$town/back/stamp/stamp.txt"
done < "$2"
""",
        mnemonic = "Album",
        progress_message = "Filling the album %s" % ctx.label,
    )
    return [DefaultInfo(files = depset([pages]), runfiles = ctx.runfiles([pages]))]

album = rule(
    implementation = _album_impl,
    attrs = {
        "towns": attr.label(allow_single_file = [".txt"], mandatory = True),
        "writer": attr.label(executable = True, cfg = "exec", mandatory = True),
    },
)
