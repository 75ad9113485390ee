package io.sergo;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/**
 * An instance of a host, as discovery found it.
 *
 * @param id its identity, an address say
 * @param labels its labels
 * @param healthy whether discovery holds it for healthy
 * @param weight its weight among its like, 0 or more
 * @param zone its zone, if known
 */
public record Instance(
        String id, Map<String, String> labels, boolean healthy, int weight, Optional<String> zone) {
    /**
     * Copies the labels.
     *
     * @param id its identity
     * @param labels its labels
     * @param healthy whether it is healthy
     * @param weight its weight
     * @param zone its zone
     * @throws SergoException {@code argument} for a weight below 0
     */
    public Instance {
        labels = Map.copyOf(labels);
        if (weight < 0) {
            throw SergoException.argument("weight: found " + weight + ", it must be 0 or more");
        }
    }

    /**
     * A healthy instance of weight 1, its zone unknown.
     *
     * @param id its identity
     * @param labels its labels
     * @return the instance
     */
    public static Instance of(String id, Map<String, String> labels) {
        return new Instance(id, labels, true, 1, Optional.empty());
    }

    /**
     * The same instance, healthy or not.
     *
     * @param healthy whether it is
     * @return a copy
     */
    public Instance withHealthy(boolean healthy) {
        return new Instance(id, labels, healthy, weight, zone);
    }

    /**
     * The same instance with another weight.
     *
     * @param weight its weight, 0 or more
     * @return a copy
     */
    public Instance withWeight(int weight) {
        return new Instance(id, labels, healthy, weight, zone);
    }

    /**
     * The same instance in a zone.
     *
     * @param zone the zone
     * @return a copy
     */
    public Instance withZone(String zone) {
        return new Instance(id, labels, healthy, weight, Optional.of(zone));
    }

    static Instance of(Value value) {
        return new Instance(
                value.at("id").text(),
                value.at("labels").texts(),
                value.at("healthy").flag(),
                (int) value.at("weight").number(),
                value.at("zone").optionalText());
    }

    /** The list as it crosses to the core. */
    static String json(Collection<Instance> instances) {
        StringBuilder json = new StringBuilder("[");
        String separator = "";
        for (Instance instance : instances) {
            json.append(separator);
            instance.write(json);
            separator = ",";
        }
        return json.append(']').toString();
    }

    private void write(StringBuilder json) {
        Json.text(json.append("{\"id\":"), id);
        json.append(",\"healthy\":").append(healthy).append(",\"weight\":").append(weight);
        Json.text(json.append(",\"zone\":"), zone.orElse(null));
        Json.texts(json.append(",\"labels\":"), labels).append('}');
    }
}
