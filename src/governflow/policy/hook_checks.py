"""What can be wrong with a plugin before anybody asks it anything (插件自检): every fault is named, not only the first.

pluggy finds a misspelt hook and a strange argument, one at a time; an argument that can only be given by name it does
not see at all, and the hook fails when it is called. Here a plugin's hooks are looked at before they are registered.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

import pluggy

from governflow.errors import PolicyError, TableError, described, shown
from governflow.policy import hookspecs
from governflow.text import Text

#: Who answers a hook: the plugin's source, the function, and the arguments that it takes.
Impl = tuple[str, Callable[..., Any], tuple[str, ...]]

_MARK = "governflow_impl"  # where pluggy keeps what `hookimpl` says of a function

_NO_PLAIN_FUNCTION = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)

#: The hooks and the arguments that each may take.
HOOKS: dict[str, tuple[str, ...]] = {
    name: tuple(inspect.signature(function).parameters)
    for name, function in vars(hookspecs).items()
    if name.startswith("governflow_") and inspect.isfunction(function)
}


def faults_of(plugin: object) -> list[Text]:
    """Look a plugin over, and return one sentence for each fault."""
    return [fault for name, hook, function in _functions(plugin) for fault in _hook(name, hook, function)]


def _functions(plugin: object) -> Iterator[tuple[str, str, object]]:
    """Return what is marked or named as a hook: its name, the hook that it answers, and the function."""
    for name in dir(plugin):
        try:
            function = getattr(plugin, name)
            options = getattr(function, _MARK, None)
        except Exception:  # noqa: BLE001 - an attribute that cannot be read is no hook
            continue
        named = options.get("specname") if isinstance(options, dict) else None
        hook = named or name
        if hook.startswith("governflow_") and (isinstance(options, dict) or inspect.isroutine(function)):
            yield name, hook, function


def _hook(name: str, hook: str, function: object) -> Iterator[Text]:
    if hook not in HOOKS:
        from difflib import get_close_matches  # only who mistypes a hook needs it

        near = get_close_matches(hook, HOOKS, n=1, cutoff=0)[0]
        yield Text(f"there is no hook {hook}: do you mean {near}?", f"没有 {hook} 这个钩子：是否为 {near}？")
        return
    if not inspect.isroutine(function):
        yield Text(
            f"{name} is a {type(function).__name__}, no function, and would never be asked: wrap what it calls instead",
            f"{name} 是 {type(function).__name__}，不是函数，不会被调用：请改为包装其内部调用",
        )
        return
    if not hasattr(function, _MARK):
        yield Text(
            f"{name} is not marked with @hookimpl and would never be asked", f"{name} 未标注 @hookimpl，不会被调用"
        )
    options = getattr(function, _MARK, None) or {}
    if options.get("hookwrapper") or options.get("wrapper"):
        yield Text(
            f"{name} wraps other hooks: hooks are synchronous, and each layer answers for itself",
            f"{name} 包装了其他钩子：钩子须同步返回，各层各自作答",
        )
        return
    if any(test(function) for test in _NO_PLAIN_FUNCTION):
        yield Text(f"{name} is no plain function: hooks are synchronous", f"{name} 不是普通函数：钩子须同步返回")
    known = HOOKS[hook]
    for argument in inspect.signature(function).parameters.values():
        if argument.kind in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD):
            yield Text(
                f"{name} takes *{argument.name}: name the arguments", f"{name} 使用了 *{argument.name}：请写明参数"
            )
        elif argument.kind is argument.KEYWORD_ONLY:
            yield Text(
                f"{name} takes {argument.name!r} by keyword only: hooks are called by position",
                f"{name} 的参数“{argument.name}”只能按名称传入：钩子按位置传参",
            )
        elif argument.name not in known:
            yield Text(
                f"{name} takes the unknown argument {argument.name!r}; it may take: {', '.join(known) or 'none'}",
                f"{name} 的参数“{argument.name}”未知；可用：{', '.join(known) or '无'}",
            )
        elif argument.default is not argument.empty:
            yield Text(
                f"{name} gives {argument.name!r} a default and would always get it: take the argument without one",
                f"{name} 的参数“{argument.name}”带有默认值，永远只会得到默认值：请去掉默认值",
            )


# --- asking a plugin what it is -------------------------------------------------------------------------------------


def registered(plugins: Sequence[tuple[str, object]], faults: list[Text]) -> dict[str, tuple[Impl, ...]]:
    """Register the plugins with one manager, and give who answers each hook, most specific first.

    Of a plugin with faulty hooks the others are registered all the same, so that what they say can be looked at too.
    """
    manager = pluggy.PluginManager("governflow")
    manager.add_hookspecs(hookspecs)
    spoken: dict[int, str] = {}
    for source, plugin in reversed(plugins):
        if id(plugin) in spoken:
            other = spoken[id(plugin)]
            en = f"one plugin speaks for {other} and for {source}: whoever has no rules of their own needs none"
            faults.append(Text(en, f"{other} 与 {source} 登记了同一个插件：没有自己规则的地方无需登记"))
        spoken[id(plugin)] = source
        hooks = ModuleType(source)
        for name, hook, function in _functions(plugin):
            found = list(_hook(name, hook, function))
            faults += [Text(f"{source}: {fault.en}", f"{source}：{fault.zh}") for fault in found]
            if not found:
                setattr(hooks, name, function)
        manager.register(hooks, name=source)
    order = {source: place for place, (source, _) in enumerate(plugins)}
    return {
        name: tuple(
            (impl.plugin_name, impl.function, tuple(impl.argnames))
            # Layers have their own order, whatever a plugin asked pluggy for (tryfirst, trylast).
            for impl in sorted(caller.get_hookimpls(), key=lambda impl: order[impl.plugin_name])
        )
        for name in HOOKS
        if (caller := getattr(manager.hook, name)) is not None
    }


def called(source: str, hook: str, function: Callable[..., Any], given: Sequence[Any], faults: list[Text]) -> Any:
    """Call a hook that says what a plugin is; what it raises is a fault of the plugin."""
    try:
        return function(*given)
    except PolicyError as fault:
        faults += [
            Text(f"{source}: {one.en}", f"{source}：{one.zh}")
            for one in ([fault.text] if isinstance(fault, TableError) else fault.faults or [fault.text])
        ]
    except (Exception, SystemExit, GeneratorExit) as fault:  # noqa: BLE001 - whatever it raises, the county's author has to read it
        what = described(fault)
        faults.append(Text(f"{source}: {hook} raised {what}", f"{source}：{hook} 出错：{what}"))
    return None


def named(
    source: str,
    hook: str,
    function: Callable[..., Any],
    given: Sequence[Any],
    faults: list[Text],
    kind_of: Callable[[object], type],
) -> dict[Any, Any]:
    """Call a hook that answers with a mapping, and return what in it is of the kind that its name asks for."""
    answer = called(source, hook, function, given, faults)
    if answer is None:
        return {}
    if not isinstance(answer, Mapping):
        faults.append(wrong(source, hook, answer, "a mapping by name"))
        return {}
    sound = {name: value for name, value in answer.items() if isinstance(value, kind_of(name))}
    faults += [
        wrong(source, hook, value, f"a {kind_of(name).__name__} for {name!r}")
        for name, value in answer.items()
        if name not in sound
    ]
    return sound


def wrong(source: str, hook: str, answer: object, wanted: str) -> Text:
    """Say that a hook answered something else than it should."""
    return Text(
        f"{source}: {hook} answered {shown(answer)}, not {wanted}",
        f"{source}：{hook} 返回了 {shown(answer)}，应为 {wanted}",
    )
