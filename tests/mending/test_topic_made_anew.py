"""A topic that was deleted and made anew under a running worker. The last of those that tear a pipeline."""

from confluent_kafka.admin import AdminClient

from connectors import topics
from connectors.kafka import kafka_config
from tests.mending.test_guardian import loud
from tests.pipeline.pipeline import Pipeline, until
from tests.pipeline.rows import add_request, facts


def test_a_topic_that_is_made_anew_is_read_no_more(torn: Pipeline) -> None:
    table = "core_city"
    topic = torn.contract.topic(torn.settings.topic_prefix, table)
    admin = AdminClient(kafka_config(torn.settings))
    admin.delete_topics([topic])[topic].result(30)
    until(lambda: topic not in topics.partitions(torn.settings, [topic]), "the topic is gone")

    def made() -> bool:
        return topic in topics.ensure(torn.settings, topics.declared(torn.contract, torn.settings))

    until(made, "the topic is there again")
    assert f"topic {topic}" in loud(torn, table)
    number = add_request(torn, "sent")
    until(lambda: facts(torn, number) == [("", "sent", True)], "other tables go on")
