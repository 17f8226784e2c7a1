"""``governflow new``: a new locality as a distribution of its own (新建地方插件)."""

from pathlib import Path

from governflow.cli.output import print_json
from governflow.scaffold import Scaffold
from governflow.text import Text


def new(
    code: str, name: str, *, name_en: str, parent: str | None, folder: Path | None, as_json: bool, lang: str
) -> int:
    """Write a distribution with one table to fill in, in one language, and say what to do next."""
    made = Scaffold(code.strip(), name.strip(), name_en.strip(), parent)
    folder = folder or Path(made.package)
    written = list(map(str, made.write(folder, lang)))
    if as_json:
        print_json(
            {"code": made.code, "distribution": made.distribution, "folder": str(folder), "files": written},
        )
        return 0
    inside = folder / "src" / made.package
    here = folder if folder.is_absolute() else f"./{folder}"
    steps = [
        (f"{inside / 'tables' / 'catalogue.csv'}", Text("fill in your items, one a row", "填写事项，每行一项")),
        (f"{inside / 'units.csv'}", Text("put in your own units", "换成本地单位")),
        (f"governflow table {inside / 'tables'}", Text("check the tables", "检查表格")),
        (f"python -m pip install -e {here} pytest", Text("install it", "安装")),
        (f"governflow table {made.code}", Text("read all of its rules", "查看全部规则")),
        (f"governflow demo --locality {made.code}", Text("see a day by its rules", "按本地规则演示一天")),
        (f"python -m pytest {folder}", Text("run its tests", "运行测试")),
    ]
    number = len(written)
    print(Text(f"{folder} is there: {number} files. Next:", f"已建立 {folder}，共{number}个文件。下一步：").say(lang))
    for number, (command, why) in enumerate(steps, 1):
        print(f"  {number}. {why.say(lang)}\n     {command}")
    return 0
