//DEPS com.hivemq:hivemq-mqtt-client:1.4.2
//DEPS org.slf4j:slf4j-nop:1.7.36
// Without: a warning on JDK 24 and newer.
//RUNTIME_OPTIONS -Dio.netty.noUnsafe=true
//SOURCES Broker.java MessageFormat.java ../lib/cli/Pem.java ../lib/cli/Reason.java ../lib/cli/Tool.java

import static java.nio.charset.StandardCharsets.UTF_8;

import com.hivemq.client.mqtt.MqttClientSslConfig;
import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.datatypes.MqttTopicFilter;
import com.hivemq.client.mqtt.exceptions.MqttEncodeException;
import com.hivemq.client.mqtt.lifecycle.MqttClientDisconnectedContext;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.Mqtt5ClientBuilder;
import com.hivemq.client.mqtt.mqtt5.Mqtt5RxClient;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5ConnAckException;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5DisconnectException;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5PubAckException;
import com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAckReasonCode;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import com.hivemq.client.mqtt.mqtt5.message.publish.puback.Mqtt5PubAckReasonCode;
import com.hivemq.client.mqtt.mqtt5.message.subscribe.Mqtt5RetainHandling;
import com.hivemq.client.mqtt.mqtt5.message.subscribe.Mqtt5Subscription;
import io.reactivex.processors.UnicastProcessor;
import io.reactivex.schedulers.Schedulers;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;
import lib.cli.Pem;
import lib.cli.Tool;
import lib.cli.Reason;

/** A broker that speaks MQTT 5, and a client that connects to it again and again. */
final class MqttBroker extends Broker {
    static final String URL = "mqtt://HOST[:PORT], or mqtts://HOST[:PORT] for TLS.";
    static final String PROPERTIES = "A file of NAME=VALUE lines: username, password; cafile: trust the authorities in this"
        + " PEM file instead of the JDK's; keystore, keystore.password: our certificate, PKCS#12.";

    private static final Pattern ADDRESS =
        Pattern.compile("mqtts?://([^\\s:/?#@\\[\\]]+|\\[[0-9a-fA-F:.%]+])(?::([0-9]{1,5}))?");
    private static final int HIGHEST_PORT = 65535;
    private static final List<String> NAMES = List.of("username", "password", "cafile", "keystore", "keystore.password");
    private static final Set<Mqtt5ConnAckReasonCode> PASSING = EnumSet.of(Mqtt5ConnAckReasonCode.SERVER_UNAVAILABLE,
        Mqtt5ConnAckReasonCode.SERVER_BUSY, Mqtt5ConnAckReasonCode.QUOTA_EXCEEDED,
        Mqtt5ConnAckReasonCode.CONNECTION_RATE_EXCEEDED);
    private static final Set<Mqtt5PubAckReasonCode> OF_THE_EVENT = EnumSet.of(Mqtt5PubAckReasonCode.TOPIC_NAME_INVALID,
        Mqtt5PubAckReasonCode.PAYLOAD_FORMAT_INVALID);

    private final Mqtt5ClientBuilder client = Mqtt5Client.builder();
    private final UnicastProcessor<Mqtt5Publish> messages = UnicastProcessor.create();
    private volatile boolean wasThere;

    /** @param files see {@link #PROPERTIES} */
    MqttBroker(Tool tool, String url, List<Path> files) {
        super(tool, url);
        Matcher parts = ADDRESS.matcher(url);
        boolean isTls = url.startsWith("mqtts:");
        String usualPort = isTls ? "8883" : "1883";
        int port = parts.matches() ? Integer.parseInt(Objects.requireNonNullElse(parts.group(2), usualPort)) : 0;
        if (port < 1 || port > HIGHEST_PORT) {
            // No part of what may hold a password is shown.
            throw tool.usage("the broker: expected mqtt://HOST[:PORT] or mqtts://HOST[:PORT]; who we are is for --properties");
        }
        Properties properties = properties(tool, files, Map.of());
        properties.stringPropertyNames().stream().filter(one -> !NAMES.contains(one)).sorted().findFirst().ifPresent(one -> {
            throw tool.usage("--properties: " + one + " is none of " + String.join(", ", NAMES));
        });
        if (!isTls && (properties.containsKey("cafile") || properties.containsKey("keystore"))) {
            throw tool.usage("--properties: cafile and keystore are for mqtts");
        }
        client.serverHost(parts.group(1)).serverPort(port)
            .addConnectedListener(now -> {
                wasThere = true;
                back();
            })
            .addDisconnectedListener(this::disconnected)
            // Answers are only counted: another thread for them would cost a third more.
            .executorConfig().applicationScheduler(Schedulers.trampoline()).applyExecutorConfig();
        if (properties.containsKey("username")) {
            client.simpleAuth().username(properties.getProperty("username"))
                .password(properties.getProperty("password", "").getBytes(UTF_8)).applySimpleAuth();
        }
        if (isTls) {
            try {
                client.sslConfig(tls(properties));
            } catch (IOException | GeneralSecurityException unusable) {
                throw tool.usage("--properties: " + Reason.of(unusable));
            }
        }
    }

    private static MqttClientSslConfig tls(Properties properties) throws IOException, GeneralSecurityException {
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        String authorities = properties.getProperty("cafile");
        trust.init(authorities == null ? null : Pem.authorities(Path.of(authorities)));
        KeyManagerFactory keys = null;
        if (properties.containsKey("keystore")) {
            char[] password = properties.getProperty("keystore.password", "").toCharArray();
            keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(KeyStore.getInstance(new File(properties.getProperty("keystore")), password), password);
        }
        return MqttClientSslConfig.builder().trustManagerFactory(trust).keyManagerFactory(keys).build();
    }

    /** Connects to publish; waits until the broker is there. */
    void connect() throws IOException, InterruptedException {
        Mqtt5RxClient publisher = client.buildRx();
        // An alias that is given by a message which is too large to be sent is unknown to the broker.
        await(publisher.toAsync().connectWith().restrictions().sendTopicAliasMaximum(0).applyRestrictions().send());
        publisher.publish(messages).subscribe(result -> answered(result.getError().orElse(null)), this::answered);
    }

    /** The broker will answer whether it has taken this with QoS 1. */
    void publish(ByteBuffer topic, ByteBuffer payload, boolean retain) {
        published();
        try {
            messages.onNext(Mqtt5Publish.builder().topic(UTF_8.decode(topic).toString()).payload(bytes(payload))
                .qos(MqttQos.AT_LEAST_ONCE).retain(retain).build());
        } catch (IllegalArgumentException noTopic) {
            answered(noTopic);
        }
    }

    /** Hands messages over until a signal comes, and acknowledges each that the sink took. The session keeps the rest. */
    void receive(String session, List<String> filters, MessageFormat.Sink sink) throws IOException {
        if (session.isEmpty()) {
            throw tool.usage("--id '': expected a name");
        }
        List<Mqtt5Subscription> wanted = subscriptions(filters);
        tool.onSignal(Thread.currentThread()::interrupt);
        Mqtt5BlockingClient receiver = client.identifier(session).buildBlocking();
        try (Mqtt5BlockingClient.Mqtt5Publishes received = receiver.publishes(MqttGlobalPublishFilter.ALL, true)) {
            await(receiver.toAsync().connectWith().cleanStart(false).noSessionExpiry().send());
            await(receiver.toAsync().subscribeWith().addSubscriptions(wanted).send());
            while (true) {
                Mqtt5Publish message = received.receive();
                sink.take(message.getTopic().toString(), "", message.getPayloadAsBytes());
                message.acknowledge();
            }
        } catch (InterruptedException signal) {
            return;
        }
    }

    /** Leaves out filters that others include: the broker would send their messages twice. */
    private List<Mqtt5Subscription> subscriptions(List<String> texts) {
        List<MqttTopicFilter> filters = new ArrayList<>();
        try {
            for (MqttTopicFilter filter : texts.stream().map(MqttTopicFilter::of).toList()) {
                if (filters.stream().noneMatch(other -> other.matches(filter))) {
                    filters.removeIf(filter::matches);
                    filters.add(filter);
                }
            }
        } catch (IllegalArgumentException mistake) {
            throw tool.usage(mistake.getMessage());
        }
        // A retained message comes once for a session, not at each start: it may open a door.
        return filters.stream().map(filter -> Mqtt5Subscription.builder().topicFilter(filter).qos(MqttQos.AT_LEAST_ONCE)
            .retainHandling(Mqtt5RetainHandling.SEND_IF_SUBSCRIPTION_DOES_NOT_EXIST).build()).toList();
    }

    private void await(Future<?> answer) throws IOException, InterruptedException {
        try {
            answer.get();
        } catch (ExecutionException refusal) {
            throw refused(refusal.getCause());
        }
    }

    /** What was not acknowledged is published again after the next connect. */
    private void disconnected(MqttClientDisconnectedContext context) {
        boolean isRefused = !wasThere && context.getCause() instanceof Mqtt5ConnAckException refusal
            && !PASSING.contains(refusal.getMqttMessage().getReasonCode());
        if (!isRefused) {
            away(reason(context.getCause()));
            context.getReconnector().reconnect(true).republishIfSessionExpired(true).delay(1, TimeUnit.SECONDS);
        }
    }

    @Override
    String reason(Throwable failure) {
        if (failure instanceof Mqtt5PubAckException answer) {
            return "the broker does not take an event: " + answer.getMqttMessage().getReasonCode();
        }
        Throwable cause = failure;
        while (cause instanceof RuntimeException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        String reason = Reason.of(cause).replaceFirst(": [^ ]*/.*|\\.$", "");
        return cause instanceof Mqtt5DisconnectException end ? reason + ": " + end.getMqttMessage().getReasonCode() : reason;
    }

    @Override
    boolean isOfTheEvent(Throwable refusal) {
        return refusal instanceof IllegalArgumentException || refusal instanceof MqttEncodeException
            || refusal instanceof Mqtt5PubAckException answer
            && OF_THE_EVENT.contains(answer.getMqttMessage().getReasonCode());
    }
}
