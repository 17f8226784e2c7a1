"""Makes the day in Huimin County (惠民县) that ``governflow demo`` shows: src/governflow/demo/huimin_day.csv.

    python tests/generators/huimin_day.py        # writes the file anew

Nothing in it happened. The towns are those of the county; people, telephone numbers, grids and cases are made up, and
every row says so in its channel. The day keeps to what the default rules do: whoever is late is overtaken by the
ladder, and what comes afterwards fits the case as the ladder has left it, so that no row is refused.

The same seed makes the same day on every supported Python. Only `Random.random` promises that, so everything else
(shares, picks, the shuffle) is made from it here, and with plain arithmetic.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random  # noqa: TID251 - a fixed seed makes the same day every time
from typing import TypeVar

import attrs

from governflow.demo import DAY, FILE, as_csv
from governflow.model.base_lifecycle import BASE
from governflow.model.headings import FIELDS
from governflow.model.terms import Severity

_T = TypeVar("_T")

SEED = 54321
MARK = "演示数据"
_FIELDS = (
    *("time", "case", "action", "actor", "unit", "informant", "reporter", "phone", "channel", "item", "severity"),
    *("visit", "place", "text", "score", "satisfied", "until", "clock", "into", "note"),
)

# --- what the day is made of ------------------------------------------------------------------------------------------


@attrs.frozen
class _Matter:
    """Something that people ask for: item, what they say, what they are answered, and the department that knows."""

    item: str
    asked: str
    done: str
    department: str


_EVERYDAY = (
    # 综合执法
    _Matter("占道经营", "{}有摊贩占道经营，车辆无法通行。", "已劝导摊贩入市经营，道路恢复畅通。", "县综合行政执法局"),
    _Matter("乱贴小广告", "{}墙面被贴满小广告。", "已清除小广告，并安排日常巡查。", "县综合行政执法局"),
    # 安全生产
    _Matter("井盖破损", "{}井盖破损下陷，老人孩子路过危险。", "已更换井盖并加固井圈。", "县住房和城乡建设局"),
    _Matter("飞线充电", "{}有住户从窗口拉线给电动车充电。", "已拆除飞线，引导到充电棚充电。", "县消防救援大队"),
    _Matter("消防通道堵塞", "{}消防通道被私家车堵住。", "已联系车主挪车，并重划禁停标线。", "县消防救援大队"),
    # 社会治安
    _Matter("噪音扰民", "{}夜间音响声音太大，影响休息。", "已现场劝导，约定晚九点后停止外放。", "县公安局"),
    _Matter("邻里纠纷", "{}两户因排水走向争吵。", "已现场调解，双方同意改道排水。", "县司法局"),
    # 民生服务
    _Matter("路灯不亮", "{}路灯连续几晚不亮，出行不便。", "已更换灯具，恢复照明。", "县住房和城乡建设局"),
    _Matter("供水管道漏水", "{}自来水管漏水，路面都湿了。", "已更换破损管件，恢复供水。", "县水利局"),
    _Matter("村道积水", "{}村道积水，学生上学绕行。", "已疏通排水沟，积水排除。", "县交通运输局"),
    _Matter("垃圾清运不及时", "{}垃圾桶满溢，有异味。", "已清运，并增加一次清运班次。", "县综合行政执法局"),
    _Matter("下水道堵塞", "{}下水道堵塞，污水外溢。", "已疏通管道并冲洗路面。", "县住房和城乡建设局"),
    # 生态环保
    _Matter("秸秆焚烧", "{}有人焚烧秸秆，烟味很大。", "已扑灭明火并宣传教育。", "县农业农村局"),
    _Matter("污水直排", "{}有污水直接排进沟渠。", "已封堵排口，责令接入管网。", "市生态环境局惠民分局"),
)
_ASKING = (
    _Matter("医保报销咨询", "想问在外地住院如何报销医保。", "已电话告知备案和报销办法。", "县医疗保障局"),
    _Matter("养老金认证咨询", "老人没有手机，养老金怎么认证？", "已告知村级服务点可代办。", "县人力资源和社会保障局"),
    _Matter("惠农补贴咨询", "今年的小麦补贴什么时候发放？", "已告知发放时间和查询办法。", "县农业农村局"),
    _Matter("公交班次咨询", "想了解城乡公交末班车时间。", "已告知班次时刻。", "县交通运输局"),
)
_COMPLEX = (
    _Matter("道路塌陷", "{}路面塌陷约两米，存在隐患。", "已回填夯实并恢复路面。", "县交通运输局"),
    _Matter("宅基地界址纠纷", "{}两家因宅基地界址起纠纷。", "已会同丈量界址，签订调解协议。", "县自然资源和规划局"),
    _Matter("油烟扰民", "{}饭店油烟直排，居民不敢开窗。", "已督促安装净化设施并复测。", "市生态环境局惠民分局"),
    _Matter("自来水水压不足", "{}楼上早晚高峰没有水。", "已更换加压设备，水压恢复。", "县水利局"),
    _Matter("土地流转合同纠纷", "{}流转土地租金未按合同支付。", "已组织双方对账，约定支付日期。", "县农业农村局"),
    _Matter("沟渠淤堵", "{}沟渠淤堵，影响春灌。", "已组织清淤，恢复过水。", "县水利局"),
)
_MAJOR = (
    _Matter("危房隐患", "{}老旧房屋墙体开裂，有人居住。", "已鉴定并转移安置，落实加固。", "县住房和城乡建设局"),
    _Matter("燃气管道隐患", "{}燃气管道锈蚀，闻到异味。", "已停气检修并更换管段。", "县住房和城乡建设局"),
    _Matter("拖欠农民工工资", "{}工地拖欠多名工人工资。", "已督促足额支付。", "县人力资源和社会保障局"),
    _Matter("桥面破损", "{}桥面破损，重车仍在通行。", "已限行并完成桥面修复。", "县交通运输局"),
)
_WHERE = ("村东头", "村委会南侧", "卫生室门前", "小学门口", "农贸市场旁", "小区北门", "文化广场边", "公交站旁", "桥头")
#: The county's towns (统计用区划代码 2023); the more people live there, the more often.
_TOWNS = (
    *("孙武街道",) * 5,
    *("何坊街道", "武定府街道", "胡集镇", "李庄镇") * 2,
    *("石庙镇", "桑落墅镇", "淄角镇", "麻店镇", "魏集镇", "清河镇", "姜楼镇", "辛店镇", "大年陈镇", "皂户李镇"),
)
#: How many in a thousand are reported in each half hour from 6:30 on: before work and after supper most.
_HALF_HOURS = (
    *(12, 26, 48, 62, 64, 56, 46, 38, 32, 28, 22, 16, 14, 20, 28, 32),
    *(30, 28, 28, 30, 36, 46, 54, 52, 44, 36, 28, 22, 14, 8, 0),
)
_STEMS = "甲乙丙丁戊己庚辛壬癸"


class _Dice:
    """Chance with a fixed seed; see the module about why nothing but `Random.random` is asked."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed).random

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self._random()

    def whole(self, low: int, high: int) -> int:
        return low + int(self._random() * (high - low + 1))

    def chance(self, share: float) -> bool:
        return self._random() < share

    def pick(self, things: Sequence[_T]) -> _T:
        return things[int(self._random() * len(things))]

    def shuffle(self, things: list[_T]) -> list[_T]:
        for last in range(len(things) - 1, 0, -1):
            other = self.whole(0, last)
            things[last], things[other] = things[other], things[last]
        return things

    def of_the_day(self, hours: tuple[float, float] | None) -> datetime:
        """Return a moment of the day: between two hours, or as people report."""
        if hours is not None:
            return DAY + timedelta(hours=self.between(*hours))
        left = self._random() * sum(_HALF_HOURS)
        place = 0
        while left >= _HALF_HOURS[place]:
            left -= _HALF_HOURS[place]
            place += 1
        return DAY + timedelta(hours=6.5, minutes=30 * (place + left / _HALF_HOURS[place]))


#: Who does a step and how many minutes after the one before, where a plot says nothing else. ``worker``: whoever has
#: the case.
_STEPS: Mapping[str, tuple[str, float, float]] = {
    "dispatch": ("演示坐席", 0.7, 4.6),
    "decline": ("演示坐席", 2, 4.5),
    "merge": ("演示坐席", 1.5, 4.5),
    "claim": ("worker", 0.5, 4),
    "arrive": ("worker", 7, 34),
    "begin": ("worker", 1, 3),
    "resolve": ("worker", 6, 26),
    "answer": ("worker", 0, 5),
    "check_in": ("演示部门联络员", 6, 27),
    "extend": ("演示镇街负责人", 5, 30),
    "rule": ("演示督查员", 200, 900),
    "revisit": ("演示督查员", 0, 30),
    "evaluate": ("", 0, 0),
    "withdraw": ("", 3, 15),
}
_MINUTES = {"h": 60, "d": 1440}
_THERE = "dispatch; claim; arrive"
_DONE = "reply; judge"


@attrs.define
class _Tale:
    """One case as it is told: its rows so far, and where its time stands."""

    name: str
    at: datetime
    dice: _Dice
    matter: _Matter
    town: str
    asked: bool
    worker: str
    to: str
    text: str = ""
    before: str = ""
    rows: list[dict[str, str]] = attrs.field(factory=list)

    def report(self, channel: str, number: int, severity: str, *, visit: bool) -> None:
        """Tell how the case came in: somebody asked, or a worker found it."""
        self.text = self.text or self.matter.asked.format(f"{self.town}{self.dice.pick(_WHERE)}")
        cells = {"channel": f"{channel}（{MARK}）", "item": self.matter.item, "severity": severity, "text": self.text}
        cells |= {"place": self.town, "visit": "是" if visit else "否"}
        if self.asked:
            cells |= {"reporter": f"演示{_STEMS[number % 10]}{number:03d}", "phone": f"000-0000-{number:04d}"}
        else:
            cells["informant"] = self.worker
        cells["actor"] = {"12345热线": "演示坐席", "网格上报": self.worker}.get(channel, "")
        self._put("report", cells)

    def tell(self, steps: str) -> None:
        """Tell the steps of a plot; see `_PLOTS_TOLD` for how they are written."""
        for step in steps.replace("there", _THERE).replace("done", _DONE).split(";"):
            verb, *words = step.split()
            span = words.pop(0) if words and words[0][0].isdigit() else ""
            cells = dict(word.split("=", 1) for word in words)
            match verb:
                case "wait":
                    self._wait(span)
                case "day":
                    self._wait_for_daylight()
                case "worker":
                    self.worker = cells["is"].format(town=self.town)
                case "reply":
                    self._wait(span or "3-200")
                    self._wait_for_daylight()
                    self._do("answer", "", {"text": self.matter.done})
                case "judge":
                    self._judge(float(span or 0.66))
                case _:
                    self._do(verb, span, cells)

    def _do(self, action: str, span: str, cells: dict[str, str]) -> None:
        actor, low, high = _STEPS.get(action, ("worker", 0, 0))
        self._wait(span or f"{low}-{high}")
        given = {
            name: cell.format(
                town=self.town, grid=_grid(self.town), department=self.matter.department, to=self.to, before=self.before
            )
            for name, cell in cells.items()
        }
        if "until" in given:
            until = self.at + timedelta(minutes=_span(given["until"])[0])
            given["until"] = f"{until:%Y-%m-%d %H:%M}"
        if action == "dispatch":
            given = {"unit": self.to, **given}
        self._put(action, {"actor": self.worker if actor == "worker" else actor, **given})

    def _put(self, action: str, cells: Mapping[str, str]) -> None:
        row = {"time": f"{self.at:%Y-%m-%d %H:%M:%S}", "case": self.name, "action": BASE.actions[action].text.zh}
        row |= {"channel": MARK, **cells}
        self.rows.append({FIELDS[name].zh: row.get(name, "") for name in _FIELDS})

    def _judge(self, share: float) -> None:
        """The one who asked is satisfied, or says nothing; where nobody asked, the town verifies."""
        if self.asked and not self.dice.chance(share):
            return
        self._wait("0.3-30h")
        self._wait_for_daylight()
        if not self.asked:
            verifier = self.town if self.to != self.town else ""  # nobody verifies their own work
            self._do("evaluate", "", {"actor": "演示核查员", "unit": verifier, "satisfied": "满意"})
        elif self.dice.chance(0.5):
            self._do("evaluate", "", {"satisfied": "满意"})
        else:
            self._do("evaluate", "", {"score": self.dice.pick("344555")})

    def _wait(self, span: str) -> None:
        self.at += timedelta(minutes=self.dice.between(*_span(span)))

    def _wait_for_daylight(self) -> None:
        """Nobody is rung up at night: what would fall between nine and eight waits until the morning."""
        if self.at.hour >= 21 or self.at.hour < 8:
            evening = self.at.hour >= 21
            morning = self.at.replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=evening)
            self.at = morning + timedelta(minutes=self.dice.between(0, 90))


def _span(span: str) -> tuple[float, float]:
    """Read ``6-26`` (minutes), ``4-26h`` or ``3d``."""
    scale = _MINUTES.get(span[-1], 1)
    low, _, high = span.rstrip("hd").partition("-")
    return float(low) * scale, float(high or low) * scale


def _grid(town: str) -> str:
    """Name the grid of the communities or villages of a town, which handles what it can."""
    return town + ("社区网格" if town.endswith("街道") else "村级网格")


# --- how cases go -----------------------------------------------------------------------------------------------------


#: One way that cases go per paragraph: how many do, what they are about (``item=``: only that), when they are reported
#: (``hours=``) and the share that workers find themselves (``found=``); behind the colon what is done, parted by
#: semicolons. A step is an action, how much later in minutes (``6-26``) or otherwise (``4-26h``), and its cells. Beside
#: actions there are ``there`` (dispatched, claimed, on site), ``done`` (answered and judged), ``reply``, ``judge`` with
#: the share that says something, ``wait``, ``day`` (wait for daylight) and ``worker`` (others go on with it).
#:
#: About those who are late: the ladder urges when a clock is due, supervises one gap later and takes over after
#: another, the gap being the clock's own allowance, at least half an hour. A case taken over has been dispatched anew.
_PLOTS_TOLD = """
97 everyday: there; resolve; done
68 everyday: there; begin; resolve 5-23; done
26 everyday found=0.8: resolve 1.5-4.5 unit={grid} note=当场处理; done
28 asking found=0: dispatch; claim; resolve 3-22; done
3 everyday found=0: decline note=诉求已进入诉讼程序，请按司法程序办理
2 everyday found=0: decline note=不属于本县管辖，已告知向属地反映
5 everyday found=0: merge into={before} note=同一地点、同一问题
4 everyday found=0: dispatch; claim; withdraw note=诉求人来电，问题已自行解决
10 everyday found=0: there; resolve; reply; wait 0.3-20h; day; evaluate satisfied=不满意 note=没有彻底解决;
 there; resolve 12-27; reply; judge 0.7
6 everyday found=0 hours=7-12: there; resolve; reply; wait 1-20h; day; evaluate satisfied=不满意 note=修好当天又坏了;
 there; reclassify 5-20 severity=复杂 note=需要整体改造; begin 20; wait 20-30h; day; resolve; reply;
 wait 30-50h; day; evaluate score=2 note=仍未彻底解决; there; reclassify 5-20 severity=重大 note=列入专项整治
5 everyday: dispatch; claim; transfer 4-12 unit={department} note=属部门职责; worker is=演示部门经办人;
 claim; arrive 12-32; resolve; done
5 everyday: dispatch unit=孙武街道社区网格; return 3-9 actor=演示网格员99 note=不在本网格，请重新派单;
 there; resolve; done
4 everyday: there; reclassify 5-20 severity=复杂 note=需要多方配合; wait 5-30h; day; resolve; done
3 everyday: there; escalate 6-20 unit={town} note=村级力量不足，请镇街协助; worker is={town}演示值班员;
 arrive; resolve; done
4 everyday found=0: there; resolve; reply; judge 1; wait 2-3d; day; revisit satisfied=是 note=现场复核，未复发
5 everyday: dispatch 6-27; claim; arrive; resolve; done
1 everyday: claim 66-70; arrive; resolve; done
9 everyday: dispatch; claim; arrive 41-74; resolve; done
2 everyday found=0: dispatch; claim; arrive 41-74; resolve; done; wait 1d; day;
 appeal 5-60 clock=arrive note=途中道路封闭施工; rule clock=arrive satisfied=是 note=已核对施工记录
1 everyday found=0: dispatch; claim; arrive 41-74; resolve; done; wait 1d; day;
 appeal 5-60 clock=arrive note=当日车辆不足; rule clock=arrive satisfied=否 note=不属于免责情形
2 everyday hours=7-18: dispatch; worker is={town}演示值班员; arrive 132-154; resolve; done
9 everyday: there; resolve 31-58; done
5 everyday found=0: there; inform 32-40 text=正在处理，需要更换配件。; resolve 31-46; done
3 everyday item=供水管道漏水 found=0 hours=8-17: there; begin; inform 33-45 text=正在处理，设备和配件正在调运。;
 wait 54; worker is={town}演示值班员; arrive 8-24; whistle 2-3 unit={department};
 check_in 5-12 unit={department}; resolve 4-12; reply 5-60; judge 1
1 everyday item=村道积水 found=0 hours=19.3-19.8: dispatch; worker is=演示值班领导; arrive 684-700; resolve 10-25;
 reply; judge 1
3 everyday found=0: there; resolve; wait 1450-1700; answer text=已处理完毕，请查看。; judge
8 complex hours=7-20: there; begin; wait 4-26h; day; resolve; done
8 complex hours=8-17: there; whistle 2-9 unit={department}; check_in unit={department}; wait 4-26h; day; resolve; done
7 complex hours=8-17: there; confer 10-40 until=26h note=现场会商，约定答复日期; wait 3-10h; day;
 inform 0-20 text=方案已定，明天施工。; begin 60; wait 4-16h; day; resolve; done
7 complex hours=8-17: there; suspend 20-90 until=3d note=等待材料到货; wait 9-30h; day; resume 0-20 note=材料已到;
 begin; wait 4-16h; day; resolve; done
2 complex hours=8-17: there; extend 1200-1500 clock=resolve until=3d note=需要二次施工; wait 30-50h; day; resolve; done
2 complex hours=8-17: there; whistle 2 unit={department}; check_in 36-80 unit={department}; wait 4-26h; day; resolve;
 done
3 complex hours=8-17: there; begin; wait 50-68h; day; resolve; done
1 complex found=0 hours=9-16: there; inform 2900 text=施工队排期中。; wait 2863; worker is=演示部门经办人; arrive;
 wait 3-9h; day; resolve; done
2 complex found=0 hours=8-17: there; suspend 30-90 until=11d note=等待上级批复
7 major hours=7-19: there; confer 10-40 note=部门、镇街现场会商; begin 30-90; wait 1-2d; day;
 inform text=整治方案正在实施。; wait 10-70h; day; resolve; done
2 major hours=8-10: there; begin 30-90; wait 1-3d; day; inform text=整治方案正在实施。
"""


@attrs.frozen
class _Plot:
    """One way that cases go, as `_PLOTS_TOLD` tells it."""

    count: int
    severity: Severity
    matters: tuple[_Matter, ...]
    to: str
    hours: tuple[float, float] | None
    found: float
    steps: str

    @classmethod
    def read(cls, paragraph: str) -> "_Plot":
        """Read a paragraph."""
        head, _, steps = paragraph.partition(": ")
        count, about, *words = head.split()
        told = dict(word.split("=", 1) for word in words)
        severity, matters, to = _ABOUT[about]
        if "item" in told:
            matters = tuple(matter for matter in matters if matter.item == told["item"])
        hours = _span(told["hours"]) if "hours" in told else None
        return cls(int(count), severity, matters, to, hours, float(told.get("found", 0.25)), steps)


_ABOUT = {
    "everyday": (Severity.GENERAL, _EVERYDAY, "{grid}"),
    "asking": (Severity.GENERAL, _ASKING, "{grid}"),
    "complex": (Severity.COMPLEX, _COMPLEX, "{town}"),
    "major": (Severity.MAJOR, _MAJOR, "{department}"),
}
_PLOTS = tuple(map(_Plot.read, _PLOTS_TOLD.strip().replace("\n ", " ").split("\n")))
_SMOOTH = _PLOTS[0]


def journal(seed: int = SEED) -> list[dict[str, str]]:
    """Make the day's journal.

    Args:
        seed: The same seed makes the same day.

    Returns:
        The rows in the order of time, with the Chinese headings of a narrow journal; times are local.
    """
    dice = _Dice(seed)
    plots = dice.shuffle([plot for plot in _PLOTS for _ in range(plot.count)])
    times = [dice.of_the_day(plot.hours) for plot in plots]
    rows: list[dict[str, str]] = []
    smooth: _Tale | None = None
    for number, (at, plot) in enumerate(sorted(zip(times, plots, strict=True), key=lambda entry: entry[0]), 1):
        town = dice.pick(_TOWNS)
        matter = dice.pick(plot.matters)
        worker = f"演示网格员{dice.whole(1, 60):02d}"
        to = plot.to.format(grid=_grid(town), town=town, department=matter.department)
        tale = _Tale(f"演示-{number:03d}", at, dice, matter, town, not dice.chance(plot.found), worker, to)
        repeats = plot.steps.startswith("merge")
        if repeats and smooth is not None:
            tale.matter, tale.town, tale.text, tale.before = smooth.matter, smooth.town, smooth.text, smooth.name
        channel = dice.pick(("12345热线", "12345热线", "小程序")) if tale.asked else "网格上报"
        tale.report(channel, number, plot.severity.text.zh, visit=plot.matters is not _ASKING)
        tale.tell(_SMOOTH.steps if repeats and smooth is None else plot.steps)  # nothing to repeat yet: told plainly
        smooth = tale if plot is _SMOOTH else smooth
        rows += tale.rows
    return sorted(rows, key=lambda row: row[FIELDS["time"].zh])


if __name__ == "__main__":
    FILE.write_bytes(as_csv(journal()))
