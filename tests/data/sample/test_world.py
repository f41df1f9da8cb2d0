from recattn.data.sample.world import Entity, World, build_world


def test_the_world_of_a_seed_is_always_the_same(world: World) -> None:
    again = build_world(7)
    assert [entity.name for entity in again.entities.values()] == [entity.name for entity in world.entities.values()]
    assert list(build_world(8).entities) != list(world.entities)


def test_what_stands_in_two_lists_is_one_entity(world: World) -> None:
    capitals = {entity.attributes["capital"] for entity in world.lists["country"]}
    assert world.entities["Velgrad"] in world.lists["dest"]
    assert len({id(entity) for entity in world.entities.values()}) == len(world.entities)
    assert len(capitals) == len(world.lists["country"])


def test_a_club_has_a_city_of_the_world_and_people_of_its_own(world: World) -> None:
    cities = set(world.lists["city"])
    staff: list[Entity] = []
    for kind in ("soccerclub", "hoopclub", "hockeyclub"):
        for club in world.lists[kind]:
            assert club.attributes["city"] in cities
            staff += [
                entity for entity in club.attributes.values() if isinstance(entity, Entity) and entity.type == "P"
            ]
    assert len(set(staff)) == len(staff) > 100


def test_pronouns_agree(world: World) -> None:
    for entity in world.entities.values():
        if entity.type == "P":
            assert (entity.attributes["he"], entity.attributes["man"]) in {("he", "man"), ("she", "woman")}


def test_a_list_of_one_gender_is_of_that_gender(world: World) -> None:
    assert {entity.attributes["he"] for entity in world.lists["tennis"]} == {"she"}
