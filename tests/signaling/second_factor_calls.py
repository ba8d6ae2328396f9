"""Adds second factors to accounts and signs in with them, as pages do."""

from typing import Any

from aiohttp import ClientSession

from scheduler.policy.policy import SecondFactorPolicy
from signaling.accounts import totp
from tests.signaling.world import PASSWORD, World, problem_of

API = "/api/v1"
NONE: dict[str, Any] = {"totp": None, "keys": [], "keys_possible": False, "recovery_codes": 0, "demanded": False}
"""What an account without second factors is told at an address without a name."""


def code(world: World, secret: bytes, steps: int = 0) -> str:
    """Return the code that an app shows now, or so many steps later."""
    return totp.code_at(secret, totp.step_at(world.clock()) + steps)


async def enrol(world: World, client: ClientSession) -> tuple[bytes, list[str]]:
    """Add an authenticator app to the account that is signed in; return its secret and the recovery codes.

    The clock goes on by a minute, so that the app shows a code that was not used.
    """
    async with client.post(f"{API}/second-factor/totp", json={"password": PASSWORD}) as response:
        assert response.status == 200, await response.text()
        secret = totp.secret_of((await response.json())["secret"])
    async with client.post(f"{API}/second-factor/totp/confirm", json={"code": code(world, secret)}) as response:
        assert response.status == 200, await response.text()
        codes: list[str] = (await response.json())["recovery_codes"]
    world.clock.advance(60)
    return secret, codes


async def halfway(world: World, account: str) -> ClientSession:
    """Return a browser in which the password of an account was right, and the second factor must follow."""
    client = world.client()
    async with client.post(f"{API}/login", json={"account": account, "password": PASSWORD}) as response:
        assert await problem_of(response) == (401, "second-factor")
    return client


async def pass_code(client: ClientSession, typed: str) -> str:
    """Send a code as the second step; return the word of the problem, or '' if it lets in."""
    async with client.post(f"{API}/login/code", json={"code": typed}) as response:
        return "" if response.status == 200 else (await problem_of(response))[1]


async def me(client: ClientSession) -> tuple[int, bool | None]:
    """Return the status of a browser's sign-in, and whether it must add a second factor."""
    async with client.get(f"{API}/me") as response:
        return response.status, (await response.json()).get("must_enrol")


def demand(world: World, policy: SecondFactorPolicy) -> None:
    """Let all profiles demand second factors as a policy says."""
    profiles = world.services.scheduler.all_profiles
    profiles.policies = tuple(each.model_copy(update={"second_factor": policy}) for each in profiles.policies)
