"""Changes that leave the rules lawful (合法的改动): no law speaks against them, so something else must show them.

Where a worked example speaks of what was changed, `ruling/examples` says so; ``governflow diff`` is for all else.
"""

from faults.writing import code, fault, line

EXAMPLES, DIFF = "ruling/examples", "diff"

LAWFUL = (
    fault(
        "huimin/two-tiers-swapped",
        "two tiers swapped",
        EXAMPLES,
        line("tables/tier.csv", "T5,general,town,2,", "T5,general,town,3,"),
        line("tables/tier.csv", "T6,general,village|none,3,", "T6,general,village|none,2,"),
    ),
    fault(
        "huimin/forty-minutes-instead-of-thirty",
        "an allowance changed",
        EXAMPLES,
        line("tables/deadlines.csv", "D1,,,general,5分钟,40分钟,30分钟,", "D1,,,general,5分钟,40分钟,40分钟,"),
    ),
    fault(
        "huimin/manholes-for-the-town",
        "a bound moved",
        EXAMPLES,
        line(
            "tables/catalogue.csv",
            "井盖破损,安全生产,371621-housing,village,",
            "井盖破损,安全生产,371621-housing,town,",
        ),
    ),
    fault(
        "huimin/supplies-instead-of-doctors",
        "a lead swapped",
        EXAMPLES,
        line("tables/route.csv", "@village,371621-health,direct", "@village,371621-emergency,direct"),
    ),
    fault(
        "zhenjiang/noise-for-the-street",
        "two tiers swapped",
        EXAMPLES,
        line("tables/catalogue.csv", "噪音扰民,社会治安,三级,", "噪音扰民,社会治安,二级,"),
    ),
    fault(
        "zhenjiang/chargers-for-another-bureau",
        "a lead swapped",
        EXAMPLES,
        line(
            "tables/catalogue.csv",
            "电动自行车充电设施,民生服务,一级,321171-livelihood,321171-housing,",
            "电动自行车充电设施,民生服务,一级,321171-housing,321171-livelihood,",
        ),
    ),
    fault(
        "zhenjiang/a-point-more-for-the-informant",
        "points changed",
        DIFF,
        code("SETTLED = 2\n", "SETTLED = 3\n", "points.py"),
        names="merits",
    ),
    fault(
        "jilin/four-working-days",
        "an allowance changed",
        EXAMPLES,
        line(
            "tables/deadlines.csv",
            "D1,一般,普通、紧急,1工作日,不设,1工作日,3工作日,",
            "D1,一般,普通、紧急,1工作日,不设,1工作日,4工作日,",
        ),
    ),
    fault(
        "jilin/livelihood-for-the-grid",
        "a lead swapped",
        EXAMPLES,
        line("tables/team.csv", "T3,民生服务,,平安（民生服务）负责人,", "T3,民生服务,,网格员,"),
    ),
    fault(
        "jilin/one-street-without-its-team",
        "a rule deleted that another one covers",
        EXAMPLES,
        line(
            "fengman/tables/route.csv",
            "F4,综合执法,220211004*,220211004-enforcement,核办,220211004,one street one enforcement team in the name "
            "of the street,一个街道一支队伍，以街道名义统一执法,“多帽合一”见光明日报2023-07-28\n",
        ),
        code="220211",
    ),
    fault(
        "yinjiang/orange-and-yellow-swapped",
        "two tiers swapped",
        EXAMPLES,
        line("tables/colour.csv", "C03,critical,normal,orange,", "C03,critical,normal,yellow,"),
        line("tables/colour.csv", "C06,important,normal,yellow,", "C06,important,normal,orange,"),
    ),
    fault(
        "yinjiang/three-hours-for-orange",
        "an allowance changed",
        EXAMPLES,
        line("tables/deadlines.csv", "D02,orange,15分钟,2小时,", "D02,orange,15分钟,3小时,"),
    ),
    fault(
        "yinjiang/quarters-end-on-working-days",
        "a calendar changed",
        DIFF,
        code(
            "return WorkingCalendar.always(context.zone) if clock == REVIEW else None",
            "return WorkingCalendar.china() if clock == REVIEW else None",
        ),
        names="calendar",
    ),
    fault(
        "songtao/two-days-to-claim",
        "an allowance changed",
        EXAMPLES,
        code(
            '    Text("claim", "认领"),\n    Allowance.parse("1d"),',
            '    Text("claim", "认领"),\n    Allowance.parse("2d"),',
        ),
    ),
    fault(
        "songtao/property-for-the-service-group",
        "a lead swapped",
        EXAMPLES,
        line("tables/group.csv", "G5,property,wuye,", "G5,property,fuwu,"),
    ),
    fault(
        "songtao/an-hour-to-find-a-team",
        "a ladder slowed down",
        DIFF,
        code("None, timedelta(minutes=30))", "None, timedelta(minutes=60))"),
        names="escalation",
    ),
    fault(
        "xianlin/ten-days-to-the-revisit",
        "an allowance changed",
        EXAMPLES,
        code('    Allowance.parse("7d"),', '    Allowance.parse("10d"),'),
    ),
    fault(
        "xianlin/conference-without-the-office",
        "a lead swapped",
        EXAMPLES,
        line("tables/route.csv", "R2,复杂|重大,320113007,@community|@office,", "R2,复杂|重大,320113007,@community,"),
    ),
    fault(
        "xianlin/the-team-may-remark",
        "a right given",
        DIFF,
        code('_watchers = roles.only("urge")', '_watchers = roles.only("urge", "note")'),
        names="authority",
    ),
)
